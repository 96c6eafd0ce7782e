"""Build the parts of a page: components and their HTML, charts, formatted numbers, and steps of a trend.

Pages, the app and the export use all of it; it reads no data.
"""

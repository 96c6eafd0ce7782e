"""What a run leaves for people: the report on the terminal and in Prefect's UI, and the dashboard as one page.

The flow uses `report.RunReport`, `artifacts.publish` and `dashboard_page`.
"""

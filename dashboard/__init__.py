"""The dashboard over MART: a marimo app (`serve`) and one static page (`export`).

Others use `export.render_document` and `mart`. It reads MART and nothing else of the platform but its environment.
"""

"""The dashboard as a marimo app: filters above, one page below. `make dashboard` starts it."""

import marimo

app = marimo.App(width="full", app_title="MailBlaze", css_file="style.css", html_head_file="head.html")


@app.cell
def _():
    import marimo as mo

    from dashboard import filters, view

    return filters, mo, view


@app.cell
def _(set_version, ticker, version, view):
    ticker.value
    if view.data_version() != version():
        set_version(view.data_version())
    return


@app.cell
def _(filters, mo, version):
    version()
    requested = filters.read_address(mo.query_params().to_dict())
    region = mo.ui.dropdown(filters.region_options(), value=requested.region, label="Region")
    period = mo.ui.dropdown(filters.PERIODS, value=requested.period, label="Period")
    return period, region, requested


@app.cell
def _(filters, mo, region, requested):
    options = filters.account_options(region.value)
    account = mo.ui.dropdown(
        options,
        value=requested.account if requested.account in options else filters.ALL_ACCOUNTS,
        label="Account",
        searchable=True,
    )
    return (account,)


@app.cell
def _(account, filters, period, region):
    selected = filters.build_filters(region.value, account.value, period.value)
    return (selected,)


@app.cell
def _(filters, mo, selected):
    campaigns = filters.campaign_options(selected)
    campaign = mo.ui.dropdown(
        campaigns, value=next(iter(campaigns), None), label="Campaign", searchable=True, full_width=True
    )
    return (campaign,)


@app.cell
def _(account, campaign, mo, period, region, selected, version, view):
    version()
    pickers = mo.Html(f'<div class="filters">{region}{account}{period}</div>')
    mo.routes(
        {
            address: mo.Html(
                f'<div class="dashboard">{view.header(name)}{pickers}{view.campaign_picker(name, campaign)}'
                f"{mo.lazy(view.page_renderer(name, selected, campaign.value))}</div>"
            )
            for name, address in view.routes(mo.routes.CATCH_ALL)
        }
    )
    return


@app.cell
def _(mo, view):
    # Checks every ten seconds, without a query, whether the data or their age have changed: by the file's time, on
    # Snowflake by the age of the cache. It is in a cell of its own, so that the pages render only after a change.
    ticker = mo.ui.refresh(default_interval="10s", options=["10s"])
    version, set_version = mo.state(view.data_version())
    mo.Html(f'<div class="ticks">{ticker}</div>')
    return set_version, ticker, version


if __name__ == "__main__":
    app.run()

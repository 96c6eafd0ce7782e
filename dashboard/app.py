"""The dashboard as a marimo app: filters above, one of five pages below. `make dashboard` starts it."""

import marimo

app = marimo.App(width="full", app_title="MailBlaze", css_file="style.css", html_head_file="head.html")


@app.cell
def _():
    import marimo as mo

    from dashboard import choices, view

    return choices, mo, view


@app.cell
def _(changed, ticker, version, view):
    ticker.value
    if view.version() != version():
        changed(view.version())
    return


@app.cell
def _(choices, mo, version):
    version()
    asked = choices.asked(mo.query_params().to_dict())
    region = mo.ui.dropdown(choices.regions(), value=asked.region, label="Region")
    period = mo.ui.dropdown(choices.PERIODS, value=asked.period, label="Period")
    return asked, period, region


@app.cell
def _(asked, choices, mo, region):
    offered = choices.accounts(region.value)
    account = mo.ui.dropdown(
        offered,
        value=asked.account if asked.account in offered else choices.ALL_ACCOUNTS,
        label="Account",
        searchable=True,
    )
    return (account,)


@app.cell
def _(account, choices, period, region):
    filters = choices.filters(region.value, account.value, period.value)
    return (filters,)


@app.cell
def _(choices, filters, mo):
    campaigns = choices.campaigns(filters)
    campaign = mo.ui.dropdown(
        campaigns, value=next(iter(campaigns), None), label="Campaign", searchable=True, full_width=True
    )
    return (campaign,)


@app.cell
def _(account, campaign, filters, mo, period, region, version, view):
    version()
    pickers = mo.Html(f'<div class="filters">{region}{account}{period}</div>')
    mo.routes(
        {
            place: mo.Html(
                f'<div class="window">{view.header(name)}{pickers}'
                f"{view.picker(campaign) if name == 'campaign' else ''}"
                f"{mo.lazy(view.maker(name, filters, campaign.value))}</div>"
            )
            for name, place in view.places(mo.routes.CATCH_ALL)
        }
    )
    return


@app.cell
def _(mo, view):
    # Looks every ten seconds for changed data (the file's time; for Snowflake the time since it was asked) and at how
    # old they are; no query. It is shown here, so that what it ticks for is made again only when something has changed.
    ticker = mo.ui.refresh(default_interval="10s", options=["10s"])
    version, changed = mo.state(view.version())
    mo.Html(f'<div class="ticks">{ticker}</div>')
    return changed, ticker, version


if __name__ == "__main__":
    app.run()

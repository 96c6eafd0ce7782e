"""The dashboard as a marimo app: filters above, one of five pages below. `make dashboard` starts it."""

import marimo

app = marimo.App(width="full", app_title="MailBlaze", css_file="style.css", html_head_file="head.html")


@app.cell
def _():
    import marimo as mo

    from dashboard import view

    return mo, view


@app.cell
def _(mo, view):
    # Looks for changed data every ten seconds: at the file's time, or for Snowflake at the clock; no query.
    clock = mo.ui.refresh(default_interval="10s", options=["10s"])
    version, changed = mo.state(view.version())
    return changed, clock, version


@app.cell
def _(changed, clock, version, view):
    clock.value
    if view.version() != version():
        changed(view.version())
    return


@app.cell
def _(mo, version, view):
    version()
    asked = view.asked(mo.query_params().to_dict())
    region = mo.ui.dropdown(view.regions(), value=asked.region, label="Region")
    period = mo.ui.dropdown(view.PERIODS, value=asked.period, label="Period")
    return asked, period, region


@app.cell
def _(asked, mo, region, view):
    offered = view.accounts(region.value)
    account = mo.ui.dropdown(
        offered,
        value=asked.account if asked.account in offered else view.ALL_ACCOUNTS,
        label="Account",
        searchable=True,
    )
    return (account,)


@app.cell
def _(account, period, region, view):
    filters = view.filters(region.value, account.value, period.value)
    return (filters,)


@app.cell
def _(filters, mo, view):
    campaigns = view.campaigns(filters)
    campaign = mo.ui.dropdown(
        campaigns, value=next(iter(campaigns), None), label="Campaign", searchable=True, full_width=True
    )
    return (campaign,)


@app.cell
def _(account, campaign, clock, filters, mo, period, region, version, view):
    version()
    choices = mo.Html(f'<div class="filters">{region}{account}{period}</div>')
    mo.routes(
        {
            place: mo.Html(
                f'<div class="window">{view.header(name)}{choices}'
                f"{view.picker(campaign) if name == 'campaign' else ''}"
                f"{mo.lazy(view.maker(name, filters, campaign.value))}"
                f'<footer class="foot">{clock}</footer></div>'
            )
            for name, place in view.PLACES.items()
        }
    )
    return


if __name__ == "__main__":
    app.run()

"""``cluster explain``."""

import click
from rich.console import Console

from ...model.explaining.explaining import NoSuchKeyError, of_that_name, top_level
from ...model.explaining.explaining import explain as look_up
from ..options import json_option
from ..views.explanation import explanation_record, keys_record, show_explanation, show_keys
from ..views.json_output import print_json


@click.command()
@click.argument("key", required=False)
@json_option
def explain(key: str | None, as_json: bool) -> None:
    """Explain a key of the inventory: meaning, type, default, allowed values, an example.

    KEY is written with dots: vrrp.advert_interval, services.check.path,
    directors.hosts.lvs1.priority. Without it, the keys at the left edge are listed. A bare name
    that is not one of those is looked for in the whole inventory; a wrong one gets a suggestion.

    Exit status: 0 explained, 2 no such key or wrong command line.
    """
    console = Console()
    if not key:
        found = top_level()
    elif "." not in key and key not in {one.place for one in top_level()} and of_that_name(key):
        found = of_that_name(key)
    else:
        found = ()
    if len(found) > 1:
        if as_json:
            print_json({"keys": keys_record(found)})
        else:
            show_keys(console, found)
        return
    try:
        explained = look_up(found[0].place if found else str(key))
    except NoSuchKeyError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        print_json(explanation_record(explained))
    else:
        show_explanation(console, explained)

"""The name under which the state of earlier versions has the lake."""

from exactly_once.destinations.lake import lake as lake

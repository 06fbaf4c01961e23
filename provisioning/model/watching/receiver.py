"""Receivers of alerts, by the means that Debian's Alertmanager has, and by bots of ours."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ..base import Name, Part
from ..secrets.secret import Secret


class Severity(StrEnum):
    """Urgency of an alert."""

    CRITICAL = "critical"
    """Clients notice, or the next fault makes them: somebody is to look now."""
    WARNING = "warning"
    """Somebody is to look today."""
    INFO = "info"
    """Good to know."""


# Without braces: Alertmanager takes {{ … }} for a template.
_Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029{}]{1,255}$")]
_Mail = Annotated[
    str, Field(pattern=r"^[^\s@<>,;{}\x00-\x1f]+@[A-Za-z0-9.-]+$", examples=["ops@example.org"])
]
_Smarthost = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$",
        examples=["mail.example.org:587"],
    ),
]


class _Receiver(Part):
    """Keys of every receiver."""

    name: Name
    """Distinct."""
    severities: Annotated[list[Severity], Field(min_length=1)] = [
        Severity.CRITICAL,
        Severity.WARNING,
    ]
    """Alerts that it gets."""
    resolved: bool = True
    """It is told of ends, too."""


class EmailReceiver(_Receiver):
    """Mail."""

    type: Literal["email"] = "email"
    """``email``"""
    to: Annotated[list[_Mail], Field(min_length=1)]
    """Addresses."""
    sender: _Mail
    """The address that it comes from."""
    smarthost: _Smarthost
    """Mail server that takes it, HOST:PORT."""
    username: _Line | None = None
    """Account there; absent, none is needed."""
    password: Secret | None = None
    """Of that account."""
    require_tls: bool = True
    """Only over TLS (STARTTLS)."""


class WebhookReceiver(_Receiver):
    """Alertmanager's own JSON, posted to a program of yours."""

    type: Literal["webhook"] = "webhook"
    """``webhook``"""
    url: Secret
    """The place; it is a secret, as whoever has it can post."""
    token: Secret | None = None
    """Sent as ``Authorization: Bearer``."""


class SlackReceiver(_Receiver):
    """Slack, or what speaks its incoming webhooks (Mattermost)."""

    type: Literal["slack"] = "slack"
    """``slack``"""
    url: Secret
    """The incoming webhook."""
    channel: _Line | None = None
    """Channel or user; absent is the webhook's own."""


class PagerDutyReceiver(_Receiver):
    """PagerDuty's Events API, version 2."""

    type: Literal["pagerduty"] = "pagerduty"
    """``pagerduty``"""
    routing_key: Secret
    """Integration key of the service."""


class WeComReceiver(_Receiver):
    """WeCom (企业微信), by an application of the company's."""

    type: Literal["wecom"] = "wecom"
    """``wecom``"""
    corp_id: _Line
    """The company's ID."""
    agent_id: _Line
    """The application's AgentId."""
    secret: Secret
    """The application's Secret."""
    to_user: _Line | None = None
    """Users, with | between them; ``@all`` is everybody."""
    to_party: _Line | None = None
    """Departments, with | between them."""
    to_tag: _Line | None = None
    """Tags, with | between them."""


class _BotReceiver(_Receiver):
    """A robot of a group, by its webhook."""

    url: Secret
    """The robot's webhook."""
    secret: Secret | None = None
    """By which messages are signed, where the robot asks for that; else it has to know the hosts'
    addresses."""


class DingTalkReceiver(_BotReceiver):
    """DingTalk (钉钉), by a custom robot of a group."""

    type: Literal["dingtalk"] = "dingtalk"
    """``dingtalk``"""


class FeishuReceiver(_BotReceiver):
    """Feishu (飞书) or Lark, by a custom bot of a group."""

    type: Literal["feishu"] = "feishu"
    """``feishu``"""


BotReceiver = DingTalkReceiver | FeishuReceiver
"""Those whose formats Alertmanager does not speak."""
Receiver = Annotated[
    EmailReceiver
    | WebhookReceiver
    | SlackReceiver
    | PagerDutyReceiver
    | WeComReceiver
    | DingTalkReceiver
    | FeishuReceiver,
    Field(discriminator="type"),
]

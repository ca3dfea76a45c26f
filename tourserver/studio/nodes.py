"""The regional nodes' settings: whether somebody else looks at a tour before it is published."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from tourserver.core import audit, rights, web
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import ROLES, Actor, Grant
from tourserver.people.models import User
from tourserver.sites import catalogue
from tourserver.sites.models import Node, Site
from tourserver.studio.staff_forms import NodeForm

bp = Blueprint("studio_nodes", __name__, url_prefix="/studio/nodes")


@bp.get("")
@web.staff_required("node.change")
def index() -> str:
    """All nodes that the person may change."""
    actor = web.current_actor()
    with web.db().read() as session:
        nodes = [one for one in catalogue.nodes(session) if rights.can(session, actor, "node.change", _thing(one))]
        counted = session.execute(select(Site.node_id, func.count()).group_by(Site.node_id)).all()
        return web.studio_page(
            "studio/nodes.html",
            "nodes",
            nodes=nodes,
            sites={node_id: number for node_id, number in counted},  # noqa: C416 - rows are no pairs to dict()
            reviewers={node.id: reviewers(session, node) for node in nodes},
        )


@bp.route("/<node_slug>", methods=["GET", "POST"])
@web.staff_required("node.change")
def edit(node_slug: str) -> Any:
    """A node's settings."""
    with web.db().read() as session:
        node = _load(session, node_slug)
        who = reviewers(session, node)
    form = NodeForm(obj=node)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        with web.db().write() as session:
            change(session, _load(session, node_slug), bool(form.second_reviewer.data), actor=web.current_actor())
        flash(_("Saved."), "done")
        return redirect(url_for("studio_nodes.index"))
    return web.studio_page("studio/node_edit.html", "nodes", node=node, reviewers=who, form=form), status


def change(session: Session, node: Node, second_reviewer: bool, *, actor: Actor) -> None:
    """Switch the second reviewer on or off. What waits stays with the reviewers, or may now be published alone."""
    session.refresh(node, with_for_update={"key_share": True})
    if node.second_reviewer == second_reviewer:
        return
    before = audit.snapshot(node)
    node.second_reviewer = second_reviewer
    session.flush()
    audit.record(session, actor, "node.change", "node", node.id, before=before, after=audit.snapshot(node))


def reviewers(session: Session, node: Node) -> list[str]:
    """Names of the staff who may look at what others of this node submit."""
    roles = [role for role, verbs in ROLES.items() if "site.review" in verbs]
    scopes = tuple_(Grant.scope, Grant.scope_id).in_([("node", node.id), ("global", "")])
    granted = select(Grant.user_id).where(Grant.role.in_(roles), scopes)
    found = session.scalars(select(User).where(User.active, User.id.in_(granted)).order_by(User.name, User.email))
    return [user.name or user.email for user in found]


def _thing(node: Node) -> rights.Thing:
    return rights.Thing("node", node.id)


def _load(session: Session, slug: str) -> Node:
    node = session.scalar(select(Node).where(Node.slug == slug))
    if node is None:
        raise NotFound(N_("There is no node with this address."))
    rights.require(session, web.current_actor(), "node.change", _thing(node))
    return node

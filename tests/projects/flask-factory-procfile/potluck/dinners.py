from flask import Blueprint, abort, current_app, jsonify, request

from .extensions import db
from .models import Dish

bp = Blueprint("dinners", __name__)


@bp.get("/dinners/<int:dinner_id>/dishes")
def dishes(dinner_id):
    rows = db.session.scalars(db.select(Dish).filter_by(dinner_id=dinner_id))
    return jsonify([{"name": row.name, "by": row.guest} for row in rows])


@bp.post("/dinners/<int:dinner_id>/dishes")
def claim(dinner_id):
    count = db.session.query(Dish).filter_by(dinner_id=dinner_id).count()
    if count >= current_app.config["MAX_GUESTS"]:
        abort(409)
    body = request.get_json()
    db.session.add(Dish(dinner_id=dinner_id, name=body["name"], guest=body["guest"]))
    db.session.commit()
    return "", 201

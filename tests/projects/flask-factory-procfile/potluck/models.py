from .extensions import db


class Dish(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    dinner_id = db.Column(db.Integer, nullable=False, index=True)
    name = db.Column(db.String(80), nullable=False)
    guest = db.Column(db.String(80), nullable=False)

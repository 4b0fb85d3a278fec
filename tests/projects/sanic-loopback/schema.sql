create table if not exists score (
    game text not null,
    player text not null,
    points integer not null
);

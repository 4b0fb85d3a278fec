create table tree (
    id      bigserial primary key,
    species varchar(120) not null,
    planted date
);

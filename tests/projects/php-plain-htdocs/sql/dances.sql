create table dances (
  id int auto_increment primary key,
  title varchar(200) not null,
  at datetime not null
) engine=InnoDB;

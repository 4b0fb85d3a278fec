#!/usr/bin/env perl
use Mojolicious::Lite -signatures;
use Mojo::SQLite;

plugin 'Config' => {file => 'lostfound.conf', default => {}};

helper sqlite => sub ($c) {
    state $sql = Mojo::SQLite->new('sqlite:' . ($ENV{LOSTFOUND_DB} // 'lostfound.db'));
};
app->sqlite->migrations->from_data->migrate;
app->secrets([$ENV{LOSTFOUND_SECRET} or die "LOSTFOUND_SECRET is not set\n"]);

get '/' => sub ($c) {
    $c->render(template => 'index', things => $c->sqlite->db->select('things')->hashes);
};

post '/things' => sub ($c) {
    $c->sqlite->db->insert('things', {name => $c->param('name')});
    $c->redirect_to('/');
};

get '/health' => sub ($c) { $c->render(text => 'ok') };

app->start;

__DATA__

@@ index.html.ep
<h1>Lost and found</h1>
<ul>
% for my $thing (@$things) {
  <li><%= $thing->{name} %></li>
% }
</ul>
%= form_for '/things' => (method => 'POST') => begin
  %= text_field 'name'
  %= submit_button 'Found it'
% end

@@ migrations
-- 1 up
create table things (id integer primary key, name text not null);
-- 1 down
drop table things;

use Mojo::Base -strict;
use Test::More;
use Test::Mojo;

$ENV{LOSTFOUND_SECRET} = 'only for tests';
$ENV{LOSTFOUND_DB} = ':memory:';

my $t = Test::Mojo->new(Mojo::File->new('app.pl'));
$t->get_ok('/health')->status_is(200)->content_is('ok');
done_testing;

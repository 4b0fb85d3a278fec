/// Numbers from 1 to 99, and again.
class Queue {
  int _last = 0;
  int now = 1;

  int take() => _last = _last % 99 + 1;
}

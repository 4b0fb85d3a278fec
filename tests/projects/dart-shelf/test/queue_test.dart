import 'package:bakery_queue/queue.dart';
import 'package:test/test.dart';

void main() {
  test('starts with one', () => expect(Queue().take(), 1));
}

import 'dart:io';

import 'package:bakery_queue/queue.dart';
import 'package:shelf/shelf.dart';
import 'package:shelf/shelf_io.dart' as io;
import 'package:shelf_router/shelf_router.dart';

void main() async {
  final queue = Queue();
  final router = Router()
    ..get('/health', (Request _) => Response.ok('fresh'))
    ..post('/numbers', (Request _) => Response.ok('${queue.take()}'))
    ..get('/now', (Request _) => Response.ok('${queue.now}'));

  final handler = const Pipeline().addMiddleware(logRequests()).addHandler(router.call);
  final port = int.parse(Platform.environment['PORT'] ?? '8282');
  final server = await io.serve(handler, InternetAddress.anyIPv4, port);
  print('Serving ${Platform.environment['SHOP_NAME'] ?? 'the bakery'} on ${server.port}');
}

import json

from channels.generic.websocket import AsyncWebsocketConsumer


class RoomConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = 'room_' + self.scope['url_route']['kwargs']['name']
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        message = json.loads(text_data)['message']
        await self.channel_layer.group_send(self.group, {'type': 'say', 'message': message})

    async def say(self, event):
        await self.send(text_data=json.dumps({'message': event['message']}))

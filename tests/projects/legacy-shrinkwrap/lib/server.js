var bodyParser = require('body-parser');
var express = require('express');
var config = require('../config');
var permits = require('./permits');

var app = express();

app.use(bodyParser.json());
app.get('/status', function (req, res) {
  res.json({ version: require('../package.json').version });
});
app.use('/permits', permits);

if (!module.parent) {
  app.listen(config.port, function () {
    console.log('parking-api on port ' + config.port);
  });
}

module.exports = app;

var express = require('express');
var knex = require('knex');
var Memcached = require('memcached');
var config = require('../config');

var db = knex({ client: 'mssql', connection: config.db });
var cache = new Memcached(config.memcached);
var router = express.Router();

router.get('/:plate', function (req, res, next) {
  var key = 'permit:' + req.params.plate;
  cache.get(key, function (err, hit) {
    if (hit) return res.json(hit);
    db('permits').where({ plate: req.params.plate }).first().then(function (row) {
      if (!row) return res.status(404).end();
      cache.set(key, row, 60, function () {});
      res.json(row);
    }).catch(next);
  });
});

module.exports = router;

var assert = require('assert');
var app = require('../lib/server');

describe('app', function () {
  it('is a function', function () {
    assert.equal(typeof app, 'function');
  });
});

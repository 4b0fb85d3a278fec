# ruff: noqa: E501 - a table of file contents reads better unbroken
"""Ruby projects: how they start, listen, build, and what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.parsers.ruby_project import PARSERS
from tests.scan.ecosystems.cases import check_broken, check_project

CASES: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "rails": (
        {
            "Gemfile": 'source "https://rubygems.org"\nruby "3.3.0"\ngem "rails", "~> 7.1.2"\ngem "pg", ">= 1", "< 3"\ngem "puma"\ngem "sprockets-rails"\ngroup :development, :test do\n  gem "debug", platforms: %i[mri]\nend\ngem "x", group: :test\n',
            "Gemfile.lock": "GEM\n  remote: https://rubygems.org/\n  specs:\n    rails (7.1.2)\n      actionpack (= 7.1.2)\n    nokogiri (1.16.0-x86_64-linux)\n    pg (1.5.4)\n\nPLATFORMS\n  ruby\n\nRUBY VERSION\n   ruby 3.3.0p0\n\nBUNDLED WITH\n   2.5.3\n",
            "config/application.rb": 'require "rails/all"\nmodule A\n class Application < Rails::Application\n  config.load_defaults 7.1\n end\nend\n',
            "bin/rails": "#!ruby",
            "config/puma.rb": 'max = ENV.fetch("RAILS_MAX_THREADS") { 5 }\nport ENV.fetch("PORT") { 3000 }\n',
            "config/routes.rb": 'Rails.application.routes.draw do\n  get "up" => "rails/health#show", as: :x\n  namespace :api do\n    scope "/v1" do\n get "health", to: "h#s"\n end\n  end\n  root "home#index"\nend\n',
            "config/environments/production.rb": 'x = ENV["A"]\ny = ENV["B"] || "q"\nz = ENV.fetch("C")\nENV["D"] ||= "x"\n',
            "config/storage.yml": "k: <%= ENV['AWS_BUCKET'] %>\n",
            "config.ru": "run Rails.application",
            "Rakefile": "x",
        },
        {
            "framework": "rails",
            "version": "7.1.2",
            "start": "bin/rails server -b {host} -p {port}",
            "build": "bin/rails assets:precompile",
            "port": 3000,
            "health": "/up",
            "runtime": "3.3.0",
            "services": ["postgresql"],
            "variables": {"A": None, "AWS_BUCKET": None, "B": "q", "C": "required", "D": "x", "RAILS_MAX_THREADS": "5"},
            "development": ["debug", "x"],
        },
    ),
    "sinatra behind puma": (
        {
            "Gemfile": 'gem "sinatra"\ngem "puma"\n',
            "config.ru": 'require "./app"\nrun Sinatra::Application\n',
            "app.rb": 'require "sinatra"\nset :port, ENV["PORT"] || 8080\nget "/healthz" do\n "ok"\nend\nget "/" do\nend\n',
        },
        {"framework": "sinatra", "start": "bundle exec puma -b tcp://{host}:{port}", "port": 8080, "health": "/healthz"},
    ),
    "classic sinatra": (
        {
            "Gemfile": 'gem "sinatra"\n',
            "app.rb": 'require "sinatra"\nget "/" do\n "ok"\nend\n',
        },
        {"framework": "sinatra", "start": "bundle exec ruby app.rb", "env": True, "port": 4567, "health": "/"},
    ),
    "modular sinatra": (
        {
            "Gemfile": 'gem "sinatra"\n',
            "app.rb": 'require "sinatra/base"\nclass App < Sinatra::Base\nset :bind, "0.0.0.0"\nset :port, 5678\nget "/health" do\n "ok"\nend\nrun! if app_file == $0\nend\n',
        },
        {"framework": "sinatra", "start": "bundle exec ruby app.rb", "port": 5678, "health": "/health"},
    ),
    "roda behind falcon": (
        {
            "Gemfile": 'gem "roda"\ngem "falcon"\n',
            "config.ru": 'require "./app"\nrun App.freeze.app\n',
            "app.rb": 'class App < Roda\n route do |r|\n r.root do\n end\n r.on "api" do\n r.get "health" do\n end\n r.get Integer do |i|\n end\n end\n end\nend\n',
        },
        {
            "framework": "roda",
            "start": "bundle exec falcon serve --bind http://{host}:{port}",
            "port": 9292,
            "health": "/api/health",
        },
    ),
    "jekyll": (
        {
            "Gemfile": 'gem "jekyll", "~> 4.3"\ngroup :jekyll_plugins do\n gem "jekyll-feed"\nend',
            "_config.yml": "title: x",
            "_posts/2020-01-01-x.md": "x",
        },
        {"framework": "jekyll", "kind": Kind.STATIC, "build": "bundle exec jekyll build", "output": "_site"},
    ),
    "grape": (
        {
            "Gemfile": 'gem "grape"\ngem "rackup"\n',
            "config.ru": "run API",
            "app/api.rb": 'class API < Grape::API\n prefix :api\n version "v1", using: :path\n resource :health do\n  get do\n end\n end\n get :status do\n end\nend\n',
        },
        {"framework": "grape", "start": "bundle exec rackup --host {host} --port {port}", "port": 9292},
    ),
    "a gem": (
        {
            "mygem.gemspec": 'Gem::Specification.new do |s|\n s.name = "mygem"\n s.required_ruby_version = ">= 3.0"\n s.add_dependency "rack", "~> 3.0"\n s.add_development_dependency "rspec"\nend\n',
            "lib/mygem.rb": "module X; end",
            "Gemfile": 'source "x"\ngemspec\n',
        },
        {"framework": None, "kind": Kind.NONE, "start": None, "port": None, "dependencies": {"rack": "~> 3.0", "rspec": ""}},
    ),
    "hanami": (
        {
            "Gemfile": 'gem "hanami", "~> 2.1"\ngem "puma"\ngem "hanami-assets"',
            "config.ru": 'require "hanami/boot"\nrun Hanami.app',
            "config/app.rb": "module A\nclass App < Hanami::App\nend\nend",
            "config/puma.rb": 'port ENV.fetch("HANAMI_PORT", 2300)\nbind "tcp://x"\n',
            "config/routes.rb": 'module A\nclass Routes < Hanami::Routes\nroot to: "home"\nget "/health", to: "x"\nend\nend',
        },
        {
            "framework": "hanami",
            "start": "bundle exec puma -C config/puma.rb",
            "port": 2300,
            "health": "/health",
            "build": "bundle exec hanami assets compile",
        },
    ),
    "a plain server": (
        {
            "server.rb": 'require "socket"\nserver = TCPServer.new("0.0.0.0", (ENV["PORT"] || 9000).to_i)\n',
        },
        {"framework": None, "start": "ruby server.rb", "env": True, "port": 9000},
    ),
    "an engine": (
        {
            "shop.gemspec": 'Gem::Specification.new do |s|\n  s.name = "shop"\n  s.add_dependency "rails", ">= 7.0"\nend\n',
            "lib/shop/engine.rb": "module Shop\n  class Engine < Rails::Engine\n  end\nend\n",
        },
        {"framework": "rails", "kind": Kind.NONE, "start": None, "port": None},
    ),
    "a worker": (
        {"Gemfile": 'gem "sidekiq"\n', "worker.rb": 'require "sidekiq"\n'},
        {"framework": "sidekiq", "kind": Kind.NONE, "start": "bundle exec sidekiq", "port": None, "services": ["redis"]},
    ),
    "a switch is no default": (
        {"Gemfile": 'gem "rack"\n', "config.ru": "x = ENV['T'] ? 1 : 2\ny = ENV['P'] ? Integer(ENV['P']) : 5\nrun App\n"},
        {"variables": {"P": "5", "T": None}},
    ),
    "encrypted credentials": (
        {
            "Gemfile": 'gem "rails"\n',
            "config/application.rb": "class A < Rails::Application\nend\n",
            "config/credentials.yml.enc": "x",
        },
        {"variables": {"RAILS_MASTER_KEY": "required"}, "start": "bundle exec rails server -b {host} -p {port}"},
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_project(name: str, tmp_path: Path) -> None:
    check_project(tmp_path, *CASES[name])


@pytest.mark.parametrize("pattern", sorted({parser.pattern for parser in PARSERS}))
def test_a_broken_file_is_broken_and_nothing_else(pattern: str) -> None:
    check_broken(PARSERS, pattern)

"""Ruby: gems by the lock, assets with a key that is thrown away, and a server that gets the signals itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploydeck.settings import Settings
from tests.generate.samples import write
from tests.generate.stacks.helpers import arguments, configured, dockerfile_of, generated, refused, sample, tree
from tests.scan.deployed_trees import TREES

GEMFILE_LOCK = """GEM
  remote: https://rubygems.org/
  specs:
    puma (6.5.0)
    rails ({rails})

PLATFORMS
  {platform}

DEPENDENCIES
  puma
  rails

BUNDLED WITH
   2.6.2
"""
APPLICATION = "module Shop\n  class Application < Rails::Application\n  end\nend\n"


def rails(version: str = "8.0.1", platform: str = "x86_64-linux", more: str = "", gems: str = "") -> dict[str, str]:
    return {
        "Gemfile": f'source "https://rubygems.org"\ngem "rails", "{version}"\ngem "puma"\n{gems}',
        "Gemfile.lock": GEMFILE_LOCK.format(rails=version, platform=platform),
        "config/application.rb": APPLICATION + more,
        "config/routes.rb": 'Rails.application.routes.draw do\n  get "up" => "rails/health#show"\nend\n',
        "config/puma.rb": 'port ENV.fetch("PORT", 3000)\n',
        "app/assets/stylesheets/application.css": "p {}\n",
        "bin/rails": "#!/usr/bin/env ruby\n",
    }


def test_rails_is_installed_by_its_lock_and_started_by_puma(tmp_path: Path) -> None:
    files = generated(sample("rails8-postgres", tmp_path))
    content = files["Dockerfile"].content
    assert arguments(content, "FROM") == ["ruby:3.3.6-slim AS build", "ruby:3.3.6-slim"]
    assert "COPY Gemfile Gemfile.lock .ruby-version ./" in content, "the Gemfile reads the version from there"
    build, final = arguments(content, "ENV")
    assert "BUNDLE_DEPLOYMENT=1" in build and "BUNDLE_WITHOUT=development:test" in build
    assert "BUNDLE_DEPLOYMENT=1" in final and "LD_PRELOAD=libjemalloc.so.2" in final and "RAILS_LOG_TO_STDOUT=1" in final
    runs = arguments(content, "RUN")
    assert "--mount=type=cache,target=/var/cache/bundle bundle install" in runs
    assert "bundle exec bootsnap precompile --gemfile" in runs
    assert "SECRET_KEY_BASE_DUMMY=1 ruby bin/rails assets:precompile" in runs
    last = content[content.rindex("FROM ruby") :]
    assert "libpq5" in last and "libpq-dev" not in last and "build-essential" not in last
    assert "chown -R 1000:1000 log storage tmp" in last and "db:migrate" not in content
    assert json.loads(arguments(content, "CMD")[0]) == [
        "bundle",
        "exec",
        "puma",
        "-C",
        "config/puma.rb",
        "-b",
        "tcp://0.0.0.0:3000",
    ]
    assert arguments(content, "USER") == ["1000:1000"]
    ignored = set(files[".dockerignore"].content.split("\n"))
    assert {"config/master.key", "config/credentials/*.key", "tmp/*", ".bundle"} <= ignored


@pytest.mark.parametrize(
    ("version", "key"),
    [
        ("8.0.1", "SECRET_KEY_BASE_DUMMY=1"),
        ("7.1.5", "SECRET_KEY_BASE_DUMMY=1"),
        ("7.0.8", "SECRET_KEY_BASE=only-for-this-build-step"),
    ],
)
def test_assets_are_compiled_with_the_key_that_the_version_takes(version: str, key: str, tmp_path: Path) -> None:
    content = dockerfile_of(tree(rails(version), tmp_path))
    step = next(line for line in arguments(content, "RUN") if "assets:precompile" in line)
    assert step.startswith(key)
    assert not any("SECRET_KEY_BASE" in line for line in arguments(content, "ENV"))


def test_what_the_program_requires_is_made_up_for_that_step_only(tmp_path: Path) -> None:
    more = 'PAY = ENV.fetch("PAY_TOKEN")\nDB = ENV.fetch("DATABASE_URL")\nKEY = ENV.fetch("RAILS_MASTER_KEY")\n'
    content = dockerfile_of(tree(rails(more=more, gems='gem "pg"\n'), tmp_path))
    step = next(line for line in arguments(content, "RUN") if "assets:precompile" in line)
    assert "PAY_TOKEN=only-for-this-build-step" in step and "DATABASE_URL=postgresql://localhost/build" in step
    assert "RAILS_MASTER_KEY" not in content, "a made-up key opens nothing and breaks the boot"
    assert "PAY_TOKEN" not in " ".join(arguments(content, "ENV"))


def test_an_interface_without_pages_compiles_no_assets(tmp_path: Path) -> None:
    content = dockerfile_of(sample("rails-api-mysql-pins", tmp_path))
    assert "assets:precompile" not in content and "default-libmysqlclient-dev" in content and "libmariadb3" in content


def test_a_lock_without_gems_for_linux_is_refused_with_the_way_out(tmp_path: Path) -> None:
    error = refused(tree(rails(platform="x86_64-darwin-22"), tmp_path))
    assert error.code == "generate-gem-platform"
    assert "Gemfile.lock:8" in error.what and "bundle lock --add-platform x86_64-linux" in error.hint


@pytest.mark.parametrize("platform", ["ruby", "x86_64-linux", "aarch64-linux-gnu", "x86_64-linux-musl"])
def test_a_lock_with_gems_for_linux_is_accepted(platform: str, tmp_path: Path) -> None:
    assert "BUNDLE_DEPLOYMENT=1" in dockerfile_of(tree(rails(platform=platform), tmp_path))


def test_without_a_lock_nothing_is_frozen_and_the_reason_says_so(tmp_path: Path) -> None:
    files = generated(sample("ruby", tmp_path))
    content = files["Dockerfile"].content
    assert "BUNDLE_DEPLOYMENT" not in content
    number = next(n for n, line in enumerate(content.split("\n"), 1) if "bundle install" in line)
    assert next(one for one in files["Dockerfile"].reasons if one.line == number).rule == "unlocked-install"
    assert json.loads(arguments(content, "CMD")[0]) == ["bundle", "exec", "ruby", "app.rb", "-o", "0.0.0.0", "-p", "4567"]


def test_gems_that_lie_in_the_project_need_the_whole_source(tmp_path: Path) -> None:
    content = dockerfile_of(tree(rails(gems='gem "pay", path: "gems/pay"\n'), tmp_path))
    assert content.index("COPY . .") < content.index("bundle install")


def test_scripts_and_styles_are_built_with_node_in_the_build_stage(tmp_path: Path) -> None:
    files = rails(gems='gem "jsbundling-rails"\n') | {
        "package.json": '{"private": true, "scripts": {"build": "esbuild app.js"}, "devDependencies": {"esbuild": "0.25.0"}}',
        "yarn.lock": "# yarn lockfile v1\n",
    }
    content = dockerfile_of(tree(files, tmp_path))
    assert arguments(content, "FROM")[0].startswith("node:") and "npm install --global yarn@" in content
    assert content.index("yarn install") < content.index("assets:precompile") < content.index("rm -rf node_modules")
    assert "node" not in content[content.rindex("FROM ruby") :]


def test_rack_is_started_by_what_the_project_chose(tmp_path: Path) -> None:
    content = dockerfile_of(sample("sinatra-classic-render", tmp_path))
    assert json.loads(arguments(content, "CMD")[0]) == ["bundle", "exec", "rackup", "-s", "puma", "-o", "0.0.0.0", "-p", "9292"]
    assert "LD_PRELOAD" not in content and "APP_ENV=production" in content


def test_a_command_of_the_person_is_kept(tmp_path: Path) -> None:
    made = tree(rails(), tmp_path)
    content = dockerfile_of(
        made, Settings.model_validate({"app": {"start": ["bin/rails", "server", "-b", "{host}", "-p", "{port}"]}})
    )
    assert json.loads(arguments(content, "CMD")[0]) == ["ruby", "bin/rails", "server", "-b", "0.0.0.0", "-p", "3000"]


def test_a_site_is_built_and_served_as_files(tmp_path: Path) -> None:
    content = dockerfile_of(sample("jekyll-blog", tmp_path))
    assert arguments(content, "FROM") == ["ruby:3.3.6-slim AS build", "nginx:stable"]
    assert "RUN bundle exec jekyll build" in content and "COPY --from=build /app/_site/ /srv/site/" in content
    assert "JEKYLL_ENV=production" in content


def test_a_program_without_a_manifest_is_refused(tmp_path: Path) -> None:
    error = refused(tree({"config.ru": "run ->(env) { [200, {}, ['hello']] }\n"}, tmp_path))
    assert error.code == "generate-no-manager" and "bundler" in error.hint


@pytest.mark.parametrize("name", ["server.rb; rm -rf $HOME", "ser\nver.rb", '"x".rb'])
def test_hostile_names_stay_one_word(name: str, tmp_path: Path) -> None:
    made = tree(rails(), tmp_path)
    content = dockerfile_of(made, Settings.model_validate({"app": {"start": ["ruby", name]}}))
    assert json.loads(arguments(content, "CMD")[0]) == ["ruby", name]


def test_hostile_manifests_do_not_leave_the_project(tmp_path: Path) -> None:
    files = {**rails(), "Gemfile": 'ruby file: "../../etc/passwd"\ngem "rails", "8.0.1"\ngem "puma"\n'}
    copies = arguments(dockerfile_of(tree(files, tmp_path)), "COPY")
    assert not any("passwd" in line or ".." in line for line in copies)


@pytest.mark.parametrize(("wanted", "series"), [("3.3.6", "3.3.6"), ("3.4", "3.4"), (">= 3.2", "3.4"), ("~> 3.1.0", "3.1")])
def test_a_version_of_ruby_has_an_image(wanted: str, series: str, tmp_path: Path) -> None:
    made = tree(rails(), tmp_path)
    content = dockerfile_of(made, Settings.model_validate({"app": {"runtime_version": wanted}}))
    assert arguments(content, "FROM")[-1] == f"ruby:{series}-slim"


@pytest.mark.parametrize("id", [id for id, (files, _) in TREES.items() if "Gemfile" in files])
def test_every_framework_that_says_so_can_be_generated(id: str, tmp_path: Path) -> None:
    made = tree(TREES[id][0], tmp_path)
    write(tmp_path / "shop", {".env": "TOKEN=x\n"})
    content = generated(made)["Dockerfile"].content
    assert arguments(content, "EXPOSE") == [str(configured(made).port)]

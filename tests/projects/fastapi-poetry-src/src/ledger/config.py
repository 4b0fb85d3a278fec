from functools import lru_cache

from pydantic import PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LEDGER_", env_file=".env")

    database_url: PostgresDsn
    jwt_secret: SecretStr
    currency: str = "NOK"
    page_size: int = 50


@lru_cache
def settings() -> Settings:
    return Settings()

"""All settings, from the environment (or a .env file). Each one is explained in .env.example."""

import os
from datetime import timedelta
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if env.bool("READ_DOT_ENV", True):
    env.read_env(BASE_DIR / ".env")

# --- Where things are ---------------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).resolve()
HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8080)
PUBLIC_URL = env.str("PUBLIC_URL", f"http://{HOST}:{PORT}")  # no slash at the end

# --- Secrets: the launcher makes them in DATA_DIR on the first run; production must set them ------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
STREAM_KEY_SECRET = env.str("STREAM_KEY_SECRET")  # encrypts stream keys, keys their look-up hash
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
ALLOWED_WS_ORIGINS = env.list("ALLOWED_WS_ORIGINS", default=[])  # beside the page's own origin

# --- Django -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "live",
    "microvibe",
    "live.admin_config.MicroVibeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "ingest.gate.HooksAlone",
    "live.pages.security.PageSecurity",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "live.pages.errors.PageErrors",
]
ROOT_URLCONF = "microvibe.urls"
ASGI_APPLICATION = "microvibe.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "live.pages.context.page",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "live.User"
AUTHENTICATION_BACKENDS = ["live.sign_in.LimitedBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Database -----------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'microvibe.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: what reads and then writes can't fail half way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

# --- Channel layer ------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

# --- Cache (throttling) ---------------------------------------------------------------------------
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 20_000},  # Django's 300 would forget callers under load
        }
    )
}

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en")
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "live.pages.finders.NpmFinder",
]
NODE_MODULES_DIR = BASE_DIR / "node_modules"
ICONS_DIR = NODE_MODULES_DIR / "lucide-static" / "icons"
# Files in node_modules that pages load, under static/npm/. The maps: the scripts name them.
NPM_STATIC_FILES = [
    "hls.js/dist/hls.light.min.js",
    "hls.js/dist/hls.light.min.js.map",
    "mpegts.js/dist/mpegts.js",
    "mpegts.js/dist/mpegts.js.map",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "live.pages.storage.ModuleManifestStorage"},
}

# --- Pages --------------------------------------------------------------------------------------
# Scripts read the CSRF cookie; all others are out of their reach.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PUBLIC_URL.startswith(
    "https://"
)
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 86_400
CSRF_FAILURE_VIEW = "live.pages.errors.csrf_failure"
# For deployments behind HTTPS. Off by default: both would lock a machine at home out of plain HTTP.
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", False)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 0)
# nginx in front of the app says over what the browser came.
BEHIND_FRONT = env.bool("BEHIND_FRONT", False)
if BEHIND_FRONT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Subdomains and browsers' preload lists are the domain owner's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- WebSocket: connections at once in one app process; 0 is no limit ----------------------------
WS_CONNECTIONS_PER_USER = env.int("WS_CONNECTIONS_PER_USER", 20)
WS_CONNECTIONS_PER_ADDRESS = env.int("WS_CONNECTIONS_PER_ADDRESS", 1000)

# --- REST ---------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "live.api.auth.TokenAuthentication",
        "live.api.auth.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_THROTTLE_CLASSES": [
        "live.api.throttles.GuestThrottle",
        "live.api.throttles.UserThrottle",
    ],
    "DEFAULT_PARSER_CLASSES": ["live.api.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "live.api.errors.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": env.int("API_NUM_PROXIES", 0),  # whose X-Forwarded-For is believed
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_THROTTLE_RATES = {
    "guest": env.str("API_THROTTLE_GUEST", "300/min"),  # by address
    "user": env.str("API_THROTTLE_USER", "1200/min"),
    "sign_in": env.str("API_THROTTLE_SIGN_IN", "10/min"),  # by address
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("ACCESS_TOKEN_MINUTES", 60)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.int("REFRESH_TOKEN_DAYS", 14)),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MicroVibe",
    "DESCRIPTION": "Live streaming: rooms, broadcasts, SFU sessions. Errors: docs/api.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "StreamingMode": "live.models.StreamingMode",
        "PushProtocol": "live.models.PushProtocol",
        "StreamType": "live.models.StreamType",
        "Visibility": "live.models.Visibility",
        "RoomState": "live.api.serializers.STATES",
        "EndReason": "live.api.serializers.REASONS",
        "Way": "live.api.serializers.WAY_NAMES",
    },
}

# --- SFU ----------------------------------------------------------------------------------------
SFU_ENABLED = env.bool("SFU_ENABLED", True)
SFU_GRPC_PORT = env.int("SFU_GRPC_PORT", 5551)  # of the embedded SFU
SFU_UDP_PORT = env.int("SFU_UDP_PORT", 5000)  # of the embedded SFU
SFU_PUBLIC_IPS = env.list("SFU_PUBLIC_IPS", default=[])  # empty: found from the interfaces
SFU_SERVER_URL = env.str("SFU_SERVER_URL", f"127.0.0.1:{SFU_GRPC_PORT}")
SFU_MODE = env.str("SFU_MODE", "standalone")
SFU_CLUSTER_NODES = env.list("SFU_CLUSTER_NODES", default=[])
SFU_LOAD_BALANCE_METHOD = env.str("SFU_LOAD_BALANCE_METHOD", "roundrobin")
SFU_VIDEO_CODECS = env.list("SFU_VIDEO_CODECS", default=["H264", "VP8", "VP9", "AV1"])

# --- WebRTC -------------------------------------------------------------------------------------
WEBRTC_ICE_SERVERS = env.json("WEBRTC_ICE_SERVERS", default=[])

# --- Streaming ----------------------------------------------------------------------------------
PUBLISHER_GRACE_SECS = env.float("PUBLISHER_GRACE_SECS", 20.0)
STARTING_TIMEOUT_SECS = env.float("STARTING_TIMEOUT_SECS", 120.0)

# --- RTMP, HTTP-FLV and HLS (docs/ingest.md) -----------------------------------------------------
RTMP_ENABLED = env.bool("RTMP_ENABLED", False)  # the launcher switches it on where nginx is
RTMP_PORT = env.int("RTMP_PORT", 1935)
RTMP_OUT_PORT = env.int("RTMP_OUT_PORT", 1936)  # loopback
RTMP_CONTROL_PORT = env.int("RTMP_CONTROL_PORT", 1937)  # loopback: nginx's stat and control pages
FLV_PORT = env.int("FLV_PORT", 8082)  # loopback: the playback process
APP_PORT = env.int("APP_PORT", PORT)  # where this app listens itself; behind nginx not PORT
INGEST_SECRET = env.str("INGEST_SECRET", "")  # between nginx and us
PLAY_TOKEN_SECRET = env.str("PLAY_TOKEN_SECRET", "")  # signs play URLs
PLAY_TOKEN_SECS = env.int("PLAY_TOKEN_SECS", 14_400)
PLAYBACK_CORS_ORIGINS = env.list("PLAYBACK_CORS_ORIGINS", default=["*"])
RTMP_SERVER = env.str("RTMP_SERVER", f"rtmp://{HOST}:{RTMP_PORT}/live")
HLS_SERVER = env.str("HLS_SERVER", f"{PUBLIC_URL}/hls")
FLV_SERVER = env.str("FLV_SERVER", f"{PUBLIC_URL}/flv")
RTMP_TAKEOVER = env.str("RTMP_TAKEOVER", "newest")  # newest | oldest
RTMP_MAX_STREAMS = env.int("RTMP_MAX_STREAMS", 100)
RTMP_MAX_STREAMS_PER_USER = env.int("RTMP_MAX_STREAMS_PER_USER", 5)
RTMP_REFUSE_AFTER_END_SECS = env.float("RTMP_REFUSE_AFTER_END_SECS", 30.0)
MEDIA_DIR = DATA_DIR / "media"  # HLS, recordings, thumbnails, marks

# --- Recordings ---------------------------------------------------------------------------------
RECORDING_ENABLED = env.bool("RECORDING_ENABLED", True)
RECORDING_KEEP_DAYS = env.int("RECORDING_KEEP_DAYS", 0)  # 0: for ever
RECORDING_QUOTA_GB = env.float("RECORDING_QUOTA_GB", 0.0)  # 0: no quota
RECORDING_MIN_FREE_GB = env.float("RECORDING_MIN_FREE_GB", 2.0)
THUMBNAIL_EVERY_SECS = env.float("THUMBNAIL_EVERY_SECS", 10.0)

# --- Bridges (docs/bridge.md) -------------------------------------------------------------------
STREAMING_RTMP_TO_WEBRTC = env.bool("STREAMING_RTMP_TO_WEBRTC", True)  # in rooms that are hybrid
STREAMING_WEBRTC_TO_RTMP = env.bool("STREAMING_WEBRTC_TO_RTMP", True)
STREAMING_SOCKET_FALLBACK = env.bool("STREAMING_SOCKET_FALLBACK", True)
BRIDGE_MAX_JOBS = env.int("BRIDGE_MAX_JOBS", 40)
# Pictures that are transcoded or mixed at once; each takes 30 to 80 % of a core.
BRIDGE_MAX_TRANSCODES = env.int("BRIDGE_MAX_TRANSCODES", max(1, (os.cpu_count() or 1) // 2))
BRIDGE_STOP_AFTER_SECS = env.float("BRIDGE_STOP_AFTER_SECS", 15.0)  # nobody wants it any more
PUSH_PORT = env.int("PUSH_PORT", 8083)  # loopback: broadcasts that come by WebSocket

# Broadcasts passed on to other platforms; true allows servers whose addresses are not public.
RESTREAM_MAX_TARGETS = env.int("RESTREAM_MAX_TARGETS", 3)  # of a room; 0: nowhere
RESTREAM_ALLOW_PRIVATE = env.bool("RESTREAM_ALLOW_PRIVATE", False)
# Qualities of HLS made by transcoding: 720p, 480p, 360p, audio. None on small machines.
HLS_LADDER = env.list(
    "HLS_LADDER", default=["720p", "480p", "360p", "audio"] if (os.cpu_count() or 1) >= 4 else []
)

# --- Guests -------------------------------------------------------------------------------------
MAX_GUESTS_ON_STAGE = env.int("MAX_GUESTS_ON_STAGE", 5)
GUEST_LINK_HOURS = env.int("GUEST_LINK_HOURS", 24)

# --- Accounts -----------------------------------------------------------------------------------
SIGN_UP_OPEN = env.bool("SIGN_UP_OPEN", True)
TRIES = {  # empty: no limit
    "wrong_password_by_address": env.str("WRONG_PASSWORDS_BY_ADDRESS", "60/hour"),
    "wrong_password_by_name": env.str("WRONG_PASSWORDS_BY_NAME", "20/hour"),
    "sign_up_by_address": env.str("SIGN_UPS_BY_ADDRESS", "20/hour"),
    "wrong_key_by_address": env.str("WRONG_KEYS_BY_ADDRESS", "60/hour"),  # WHIP, WHEP
    "whip_by_address": env.str("WHIP_BY_ADDRESS", "240/min"),  # sessions asked for; WHEP too
    "invitation_by_owner": env.str("GUEST_INVITATIONS", "30/min"),
}

# --- Rooms --------------------------------------------------------------------------------------
MAX_ROOMS_PER_USER = env.int("MAX_ROOMS_PER_USER", 50)

# --- Monitoring ---------------------------------------------------------------------------------
METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # opens /metrics; empty: there is none

# --- Logging ------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "filters": {"addresses": {"()": "microvibe.log_filter.HideSecretPaths"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["addresses"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers say nothing at all when DEBUG is off.
        "django": {"handlers": [], "propagate": True},
        # 4xx answers are everyday life, and their URLs may hold tokens.
        "django.request": {"level": "ERROR"},
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
    },
}

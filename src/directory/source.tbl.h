/* source.tbl.h - the options of user sources, once: the database, the API's checks and what lamp shows follow.
 *
 * SOURCE_OPTION(NAME, "argument of the API", KINDS, "default", longest)
 *   KINDS  LDAP, OIDC or BOTH
 * All are kept as texts. A list (url) is kept with a blank between its parts, a duration as milliseconds. */

/* clang-format off */
SOURCE_OPTION(URL,             "url",             BOTH, "",          2048)
SOURCE_OPTION(CA,              "authority",       BOTH, "",          262144)
SOURCE_OPTION(TIMEOUT,         "timeout",         BOTH, "5000",      16)
SOURCE_OPTION(BASE,            "base",            LDAP, "",          1024)
SOURCE_OPTION(BIND_DN,         "bind-dn",         LDAP, "",          1024)
SOURCE_OPTION(TLS,             "tls",             LDAP, "starttls",  16)
SOURCE_OPTION(FILTER,          "filter",          LDAP, "",          1024)
SOURCE_OPTION(LOGIN_ATTRIBUTE, "login-attribute", LDAP, "uid",       128)
SOURCE_OPTION(ID_ATTRIBUTE,    "id-attribute",    LDAP, "entryUUID", 128)
SOURCE_OPTION(NAME_ATTRIBUTE,  "name-attribute",  LDAP, "cn",        128)
SOURCE_OPTION(GROUPS,          "groups",          LDAP, "attribute", 16)
SOURCE_OPTION(GROUP_ATTRIBUTE, "group-attribute", LDAP, "",          128)
SOURCE_OPTION(GROUP_BASE,      "group-base",      LDAP, "",          1024)
SOURCE_OPTION(NESTED,          "nested",          LDAP, "on",        16)
SOURCE_OPTION(CLIENT_ID,       "client-id",       OIDC, "",          1024)
SOURCE_OPTION(REDIRECT,        "redirect",        OIDC, "",          1024)
SOURCE_OPTION(SCOPES,          "scopes",          OIDC, "openid profile", 512)
SOURCE_OPTION(LOGIN_CLAIM,     "login-claim",     OIDC, "preferred_username", 128)
SOURCE_OPTION(GROUPS_CLAIM,    "groups-claim",    OIDC, "groups",    128)
/* clang-format on */

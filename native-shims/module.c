/* What the module exports, and how arguments and results cross the boundary. */
#include "shim.h"

#include <stdarg.h>
#include <string.h>

enum { MAX_ARGUMENTS = 8 };

/* NULL, or what was expected instead. */
static const char *take_text(napi_env env, napi_value value, char *out, size_t capacity) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return "a string";
  if (length >= capacity) return "a shorter string";
  napi_get_value_string_utf8(env, value, out, capacity, &length);
  return NULL;
}

static const char *take_handle(napi_env env, napi_value value, uint32_t kind, void **out) {
  napi_valuetype type;
  const bool external = napi_typeof(env, value, &type) == napi_ok && type == napi_external;
  *out = NULL;
  if (external) napi_get_value_external(env, value, out);
  if (*out != NULL && *(uint32_t *)*out == kind) return NULL;
  return kind == SHIM_WATCH ? "a watch" : "a UDP socket";
}

static const char *take(napi_env env, napi_value value, char letter, va_list *out) {
  switch (letter) {
    case 'i':
      return napi_get_value_int32(env, value, va_arg(*out, int32_t *)) == napi_ok ? NULL : "a number";
    case 'l':
      return napi_get_value_int64(env, value, va_arg(*out, int64_t *)) == napi_ok ? NULL : "a number";
    case 'b':
      return napi_get_value_bool(env, value, va_arg(*out, bool *)) == napi_ok ? NULL : "a boolean";
    case 'W':
      return take_handle(env, value, SHIM_WATCH, va_arg(*out, void **));
    case 'U':
      return take_handle(env, value, SHIM_UDP, va_arg(*out, void **));
    case 's': {
      char *text = va_arg(*out, char *);
      return take_text(env, value, text, va_arg(*out, size_t));
    }
    default:
      *va_arg(*out, napi_value *) = value;
      return NULL;
  }
}

bool shim_parse(napi_env env, napi_callback_info info, const char *format, ...) {
  napi_value values[MAX_ARGUMENTS]; /* missing ones read as undefined */
  size_t count = MAX_ARGUMENTS;
  const char *expected = NULL;
  va_list out;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  va_start(out, format);
  for (size_t i = 0; format[i] != '\0' && expected == NULL; i++)
    expected = take(env, values[i], format[i], &out);
  va_end(out);
  if (expected == NULL) return true;
  char message[32] = "expected ";
  napi_throw_type_error(env, NULL, strcat(message, expected));
  return false;
}

napi_value shim_number(napi_env env, int64_t value) {
  napi_value out = NULL;
  if (value == (int32_t)value) napi_create_int32(env, (int32_t)value, &out); /* the cheaper one */
  else napi_create_int64(env, value, &out);
  return out;
}

napi_value shim_fail(napi_env env) { return shim_number(env, -errno); }

napi_value shim_result(napi_env env, int outcome) { return shim_number(env, outcome < 0 ? -errno : 0); }

#define DESCRIBE(text, function) {#text, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL},

NAPI_MODULE_INIT() {
  const napi_property_descriptor exported[] = {SHIM_EXPORTS(DESCRIBE)};
  napi_define_properties(env, exports, sizeof exported / sizeof exported[0], exported);
  return exports;
}

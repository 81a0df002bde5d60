/* Names and texts of the error numbers, from the one table in error.h. */
#include <gossamer/error.h>

const char *gs_strerror(int error) {
  switch (error) {
#define GS__TEXT_ENTRY(name, wasi, text) \
  case GS_##name:                        \
    return text;
    GS_ERRORS(GS__TEXT_ENTRY)
#undef GS__TEXT_ENTRY
    case GS_OK:
      return "success";
    default:
      return "unknown error";
  }
}

const char *gs_error_name(int error) {
  switch (error) {
#define GS__NAME_ENTRY(name, wasi, text) \
  case GS_##name:                        \
    return #name;
    GS_ERRORS(GS__NAME_ENTRY)
#undef GS__NAME_ENTRY
    case GS_OK:
      return "OK";
    default:
      return "EUNKNOWN";
  }
}

/* C functions that JavaScript calls: `await app.call("add", 2, 3)`.
 *
 *   GS_EXPORT(int, add, (int, a), (int, b)) { return a + b; }
 *   GS_EXPORT_VOID(log_line, (const char *, text)) { puts(text); }
 *
 * Each call runs in a goroutine of its own, so the body may park. At most 8
 * parameters: numbers (a 64-bit one also takes a BigInt), const char * (a
 * string, as UTF-8) and const void * (an ArrayBuffer or a view of one; pass
 * its size as a number), the last two valid until the body returns. The result
 * is a number, a BigInt for 64 bits, or a string for const char *, which is
 * copied when the body returns (NULL: null); a body that calls gs_exit() ends
 * the call without one. The call's Promise is rejected when arguments do not
 * fit the parameters. */
#ifndef GOSSAMER_EXPORT_H
#define GOSSAMER_EXPORT_H

#include <stdint.h>

#ifdef __cplusplus
#include <type_traits>
extern "C" {
#endif

/* What one argument or result holds; the numbers are shared with the glue. */
enum gs__value_kind {
  GS__VALUE_NONE = 0,
  GS__VALUE_DOUBLE = 1,
  GS__VALUE_INT64 = 2,
  GS__VALUE_TEXT = 3,
  GS__VALUE_BYTES = 4,
  GS__VALUE_UINT64 = 5
};

struct gs__value {
  union {
    double number;
    int64_t integer;
    uint32_t offset; /* of text or bytes, from the start of memory */
  } as;
  uint32_t kind;
  uint32_t size_bytes; /* of text (without NUL) or bytes */
};

/* One call. The glue allocates it with gs_call_new(), fills in token, count
 * and args, and puts text (NUL-terminated) and bytes behind it. */
struct gs__call {
  struct gs__value result;
  struct gs__value args[8];
  uint32_t token; /* the glue's name for the call */
  uint32_t count; /* of arguments given */
};

typedef void gs__call_body(struct gs__call *call);

/* Starts the goroutine that runs body(call) and reports its result. Takes
 * over `call`, also on failure. 0, GS_EINVAL or GS_ENOMEM. */
int gs__call_start(struct gs__call *call, gs__call_body *body, const char *name,
                   uint32_t arity);

double gs__value_number(const struct gs__value *value);
int64_t gs__value_integer(const struct gs__value *value);
const void *gs__value_pointer(const struct gs__value *value);
void gs__value_set_number(struct gs__value *value, double number);
void gs__value_set_int64(struct gs__value *value, long long number);
void gs__value_set_uint64(struct gs__value *value, unsigned long long number);
void gs__value_set_text(struct gs__value *value, const char *text);

#ifdef __cplusplus
}

template <class T>
inline T gs__value_get(const gs__value *value) {
  if constexpr (std::is_pointer<T>::value) {
    return static_cast<T>(const_cast<void *>(gs__value_pointer(value)));
  } else if constexpr (std::is_floating_point<T>::value) {
    return static_cast<T>(gs__value_number(value));
  } else {
    return static_cast<T>(gs__value_integer(value));
  }
}
template <class T>
inline void gs__value_set(gs__value *value, T result) {
  if constexpr (std::is_pointer<T>::value) {
    gs__value_set_text(value, result);
  } else if constexpr (std::is_integral<T>::value && sizeof(T) == 8) {
    if constexpr (std::is_signed<T>::value) {
      gs__value_set_int64(value, result);
    } else {
      gs__value_set_uint64(value, result);
    }
  } else {
    gs__value_set_number(value, static_cast<double>(result));
  }
}
#define GS__VALUE_GET(type, value) gs__value_get<type>(value)
#define GS__VALUE_SET(value, result) gs__value_set((value), (result))
#define GS__EXTERN_C extern "C"
#else
#define GS__VALUE_GET(type, value) \
  ((type)_Generic((type){0},                        \
                  const char *: gs__value_pointer,  \
                  const void *: gs__value_pointer,  \
                  float: gs__value_number,          \
                  double: gs__value_number,         \
                  default: gs__value_integer)(value))
#define GS__VALUE_SET(value, result) \
  _Generic((result),                                                  \
           const char *: gs__value_set_text,                          \
           char *: gs__value_set_text,                                \
           long long: gs__value_set_int64,                            \
           unsigned long long: gs__value_set_uint64,                  \
           default: gs__value_set_number)((value), (result))
#define GS__EXTERN_C extern
#endif

#ifdef __wasm__
#define GS__EXPORT_AS(text) __attribute__((used, export_name(text)))
#else
#define GS__EXPORT_AS(text)
#endif

/* The glue reads the signature from the export's name: the text behind
 * "gs.call " is the C declaration. */
#define GS__EXPORT(result, name, text, SET, arity, params, args) \
  static result gs__body_##name params;                          \
  static void gs__run_##name(struct gs__call *call) {            \
    (void)call;                                                  \
    SET(call, gs__body_##name args);                             \
  }                                                              \
  GS__EXTERN_C int gs__call_##name(struct gs__call *call);       \
  GS__EXPORT_AS("gs.call " text)                                 \
  int gs__call_##name(struct gs__call *call) {                   \
    return gs__call_start(call, gs__run_##name, #name, arity);   \
  }                                                              \
  static result gs__body_##name params

#define GS__SET_RESULT(call, value) GS__VALUE_SET(&(call)->result, value)
#define GS__SET_NOTHING(call, value) value

/* Parts of a (type, name) pair. */
#define GS__DECL(type, name) type name
#define GS__TEXT(type, name) #type " " #name
#define GS__TYPE(type, name) type
#define GS__GET_(type, index) GS__VALUE_GET(type, &call->args[index])
#define GS__GET(index, pair) GS__GET_(GS__TYPE pair, index)

/* Lists of pairs: parameters, their text, the arguments. */
#define GS__P0() (void)
#define GS__P1(a) (GS__DECL a)
#define GS__P2(a, b) (GS__DECL a, GS__DECL b)
#define GS__P3(a, b, c) (GS__DECL a, GS__DECL b, GS__DECL c)
#define GS__P4(a, b, c, d) (GS__DECL a, GS__DECL b, GS__DECL c, GS__DECL d)
#define GS__P5(a, b, c, d, e) \
  (GS__DECL a, GS__DECL b, GS__DECL c, GS__DECL d, GS__DECL e)
#define GS__P6(a, b, c, d, e, f) \
  (GS__DECL a, GS__DECL b, GS__DECL c, GS__DECL d, GS__DECL e, GS__DECL f)
#define GS__P7(a, b, c, d, e, f, g)                                        \
  (GS__DECL a, GS__DECL b, GS__DECL c, GS__DECL d, GS__DECL e, GS__DECL f, \
   GS__DECL g)
#define GS__P8(a, b, c, d, e, f, g, h)                                     \
  (GS__DECL a, GS__DECL b, GS__DECL c, GS__DECL d, GS__DECL e, GS__DECL f, \
   GS__DECL g, GS__DECL h)
#define GS__T0() ""
#define GS__T1(a) GS__TEXT a
#define GS__T2(a, b) GS__T1(a) ", " GS__TEXT b
#define GS__T3(a, b, c) GS__T2(a, b) ", " GS__TEXT c
#define GS__T4(a, b, c, d) GS__T3(a, b, c) ", " GS__TEXT d
#define GS__T5(a, b, c, d, e) GS__T4(a, b, c, d) ", " GS__TEXT e
#define GS__T6(a, b, c, d, e, f) GS__T5(a, b, c, d, e) ", " GS__TEXT f
#define GS__T7(a, b, c, d, e, f, g) GS__T6(a, b, c, d, e, f) ", " GS__TEXT g
#define GS__T8(a, b, c, d, e, f, g, h) \
  GS__T7(a, b, c, d, e, f, g) ", " GS__TEXT h
#define GS__A0() ()
#define GS__A1(a) (GS__GET(0, a))
#define GS__A2(a, b) (GS__GET(0, a), GS__GET(1, b))
#define GS__A3(a, b, c) (GS__GET(0, a), GS__GET(1, b), GS__GET(2, c))
#define GS__A4(a, b, c, d) \
  (GS__GET(0, a), GS__GET(1, b), GS__GET(2, c), GS__GET(3, d))
#define GS__A5(a, b, c, d, e) \
  (GS__GET(0, a), GS__GET(1, b), GS__GET(2, c), GS__GET(3, d), GS__GET(4, e))
#define GS__A6(a, b, c, d, e, f)                                              \
  (GS__GET(0, a), GS__GET(1, b), GS__GET(2, c), GS__GET(3, d), GS__GET(4, e), \
   GS__GET(5, f))
#define GS__A7(a, b, c, d, e, f, g)                                           \
  (GS__GET(0, a), GS__GET(1, b), GS__GET(2, c), GS__GET(3, d), GS__GET(4, e), \
   GS__GET(5, f), GS__GET(6, g))
#define GS__A8(a, b, c, d, e, f, g, h)                                        \
  (GS__GET(0, a), GS__GET(1, b), GS__GET(2, c), GS__GET(3, d), GS__GET(4, e), \
   GS__GET(5, f), GS__GET(6, g), GS__GET(7, h))

/* Chooses by the number of pairs; the name is always there, so the variable
 * part is never empty. */
#define GS__NTH(n1, p1, p2, p3, p4, p5, p6, p7, p8, n, ...) n
#define GS__COUNT(...) GS__NTH(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0, )
#define GS__JOIN_(a, b) a##b
#define GS__JOIN(a, b) GS__JOIN_(a, b)
#define GS__N(prefix, ...) GS__JOIN(prefix, GS__COUNT(__VA_ARGS__))
#define GS__E0(result, SET, name)                                      \
  GS__EXPORT(result, name, #result " " #name "(" GS__T0() ")", SET, 0, \
             GS__P0(), GS__A0())
#define GS__E1(result, SET, name, a)                                    \
  GS__EXPORT(result, name, #result " " #name "(" GS__T1(a) ")", SET, 1, \
             GS__P1(a), GS__A1(a))
#define GS__E2(result, SET, name, a, b)                                    \
  GS__EXPORT(result, name, #result " " #name "(" GS__T2(a, b) ")", SET, 2, \
             GS__P2(a, b), GS__A2(a, b))
#define GS__E3(result, SET, name, a, b, c)                                    \
  GS__EXPORT(result, name, #result " " #name "(" GS__T3(a, b, c) ")", SET, 3, \
             GS__P3(a, b, c), GS__A3(a, b, c))
#define GS__E4(result, SET, name, a, b, c, d)                                 \
  GS__EXPORT(result, name, #result " " #name "(" GS__T4(a, b, c, d) ")", SET, \
             4, GS__P4(a, b, c, d), GS__A4(a, b, c, d))
#define GS__E5(result, SET, name, a, b, c, d, e)                            \
  GS__EXPORT(result, name, #result " " #name "(" GS__T5(a, b, c, d, e) ")", \
             SET, 5, GS__P5(a, b, c, d, e), GS__A5(a, b, c, d, e))
#define GS__E6(result, SET, name, a, b, c, d, e, f)                            \
  GS__EXPORT(result, name, #result " " #name "(" GS__T6(a, b, c, d, e, f) ")", \
             SET, 6, GS__P6(a, b, c, d, e, f), GS__A6(a, b, c, d, e, f))
#define GS__E7(result, SET, name, a, b, c, d, e, f, g)                      \
  GS__EXPORT(result, name,                                                  \
             #result " " #name "(" GS__T7(a, b, c, d, e, f, g) ")", SET, 7, \
             GS__P7(a, b, c, d, e, f, g), GS__A7(a, b, c, d, e, f, g))
#define GS__E8(result, SET, name, a, b, c, d, e, f, g, h)                      \
  GS__EXPORT(result, name,                                                     \
             #result " " #name "(" GS__T8(a, b, c, d, e, f, g, h) ")", SET, 8, \
             GS__P8(a, b, c, d, e, f, g, h), GS__A8(a, b, c, d, e, f, g, h))

/* Defines and exports a function with a result: see the head of this file. */
#define GS_EXPORT(result, ...) \
  GS__N(GS__E, __VA_ARGS__)(result, GS__SET_RESULT, __VA_ARGS__)
/* The same without a result. */
#define GS_EXPORT_VOID(...) \
  GS__N(GS__E, __VA_ARGS__)(void, GS__SET_NOTHING, __VA_ARGS__)

#endif

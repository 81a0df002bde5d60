# gossamer_add_app(NAME [NAMES] SOURCES...): a program for pages and Node.
#
# NAMES keeps the functions' names, for stack traces, at some cost in size.
# With Emscripten it builds NAME.wasm and nothing else; every link flag is in
# here. On the build machine it builds an executable of the same sources, for
# tests and comparisons. Needs the target `gossamer` (src/CMakeLists.txt).

if(CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
  set(GOSSAMER_WASM ON)
else()
  set(GOSSAMER_WASM OFF)
endif()
option(GOSSAMER_SANITIZE "AddressSanitizer and UBSan (native builds)" OFF)

set(GOSSAMER_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Werror)

# Emscripten's linker is told which undefined functions are imports, so that
# any other one, a user's typing error say, is still an error. Only the names
# count: an app is a .wasm and js/ answers its imports.
if(GOSSAMER_WASM)
  set(_host_header "${CMAKE_CURRENT_LIST_DIR}/../host/host.h")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
               "${_host_header}")
  file(STRINGS "${_host_header}" _imports REGEX "^GS__IMPORT\\(\"")
  list(TRANSFORM _imports REPLACE "^GS__IMPORT\\(\"([a-z_]+)\".*" "\\1")
  set(_library "mergeInto(LibraryManager.library, {\n")
  foreach(_import ${_imports} start_unwind stop_unwind start_rewind
                  stop_rewind fd_read)
    string(APPEND _library "  ${_import}() {},\n")
  endforeach()
  string(APPEND _library "});\n")
  set(_gossamer_imports "${CMAKE_BINARY_DIR}/gossamer-imports.js")
  file(CONFIGURE OUTPUT "${_gossamer_imports}" CONTENT "${_library}" @ONLY)
endif()

# Asyncify runs last in Emscripten's link, so the four small functions it adds
# stay calls. One more round of Binaryen inlines them: a switch takes 23 ns
# instead of 31. It must be the Binaryen that this Emscripten came with.
if(GOSSAMER_WASM)
  execute_process(COMMAND em-config BINARYEN_ROOT
                  OUTPUT_VARIABLE _binaryen OUTPUT_STRIP_TRAILING_WHITESPACE)
  find_program(GOSSAMER_WASM_OPT wasm-opt HINTS "${_binaryen}/bin"
               REQUIRED NO_CMAKE_FIND_ROOT_PATH)
  if(EMSCRIPTEN_VERSION VERSION_LESS 3.1.20)
    set(_gossamer_features --mvp-features)
  else()
    set(_gossamer_features --all-features)
  endif()
endif()

# Functions of the runtime that call through pointers but never park: Asyncify
# would instrument them, and everything that calls them, for nothing.
set(_gossamer_never_parks
    gs__wait_cancel gs__timers_fire gs__sched_pump gs__fatal gs__report
    gs_boot gs_pump gs_frame_event gs_complete)
list(JOIN _gossamer_never_parks "\",\"" _gossamer_removed)

set(_gossamer_link_options
    --no-entry
    "-sASYNCIFY=1"
    "-sASYNCIFY_REMOVE=[\"${_gossamer_removed}\"]"
    "-sALLOW_MEMORY_GROWTH=1"
    "-sMAXIMUM_MEMORY=4GB"
    "-sINITIAL_MEMORY=1MB"
    "-sTOTAL_STACK=64KB"
    "--js-library=${_gossamer_imports}")

function(gossamer_add_app name)
  cmake_parse_arguments(app "NAMES" "" "" ${ARGN})
  add_executable(${name} ${app_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE gossamer)
  set_target_properties(${name} PROPERTIES C_STANDARD_REQUIRED ON)
  if(NOT GOSSAMER_WASM)
    target_compile_definitions(${name} PRIVATE main=gs__app_main)
    target_link_libraries(${name} PRIVATE gossamer_native_host)
    return()
  endif()

  set_target_properties(${name} PROPERTIES SUFFIX ".wasm" LINK_DEPENDS
                        "${_gossamer_imports}")
  target_link_options(${name} PRIVATE ${_gossamer_link_options})
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    # Not -sASSERTIONS: Asyncify's own assertions take every function that is
    # not instrumented for one that must not unwind, leaves included.
    target_link_options(${name} PRIVATE -O1 -g2 -sSTACK_OVERFLOW_CHECK=2)
    return()
  endif()
  set(names "")
  if(app_NAMES)
    target_link_options(${name} PRIVATE --profiling-funcs)
    set(names -g)
  endif()
  target_link_options(${name} PRIVATE -O3)
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND "${GOSSAMER_WASM_OPT}" -O3 ${names} ${_gossamer_features}
            $<TARGET_FILE:${name}> -o $<TARGET_FILE:${name}>)
endfunction()

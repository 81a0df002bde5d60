# gossamer_add_app(NAME [NAMES] [PREEMPT] SOURCES...): a program for pages and
# Node.
#
# With Emscripten it builds NAME.wasm and nothing else; no link flag is needed.
# On the build machine it builds an executable of the same sources, for tests
# and comparisons. NAMES keeps the functions' names, for stack traces, at some
# cost in size. PREEMPT: goroutines of these sources that never yield park when
# their time slice is over; see gossamer/preempt.h. Static data of more than about 15 MB wants
# target_link_options(NAME PRIVATE -sINITIAL_MEMORY=64MB). It may be called from
# any folder of a project that has added Gossamer's by add_subdirectory().
#
# gossamer_preempt(TARGET): the functions of a library are preempted too, in
# programs that are built with PREEMPT.

if(CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
  set(GOSSAMER_WASM ON)
else()
  set(GOSSAMER_WASM OFF)
endif()
option(GOSSAMER_SANITIZE "AddressSanitizer and UBSan (native builds)" OFF)

set(GOSSAMER_TOOLS "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "")
set(GOSSAMER_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Werror)

# Functions of the runtime that call through pointers but never park: Asyncify
# would instrument them, and everything that calls them, for nothing.
set(GOSSAMER_NEVER_PARK
    gs__wait_cancel gs__scope_refuses gs__timers_fire gs__sched_pump
    gs__owned_end gs__chan_tell_keepers gs_boot gs_pump gs_frame_event
    gs_complete)

# Of WASI, those that Emscripten does not know as imports itself.
set(GOSSAMER_WASI_IMPORTS
    fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags
    fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size
    fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite
    fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write
    path_create_directory path_filestat_get path_filestat_set_times path_link
    path_open path_readlink path_remove_directory path_rename path_symlink
    path_unlink_file poll_oneoff proc_raise random_get sched_yield sock_accept
    sock_recv sock_send sock_shutdown)

# Emscripten's linker is told which undefined functions are imports, so that
# any other one, a user's typing error say, is still an error. Only the names
# count: an app is a .wasm and js/ answers its imports.
function(gossamer_write_imports header file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
  file(STRINGS "${header}" imports REGEX "^GS__IMPORT\\(\"")
  list(TRANSFORM imports REPLACE "^GS__IMPORT\\(\"([a-z_]+)\".*" "\\1")
  set(library "mergeInto(LibraryManager.library, {\n")
  foreach(import ${imports} start_unwind stop_unwind start_rewind stop_rewind
                 ${GOSSAMER_WASI_IMPORTS})
    string(APPEND library "  ${import}() {},\n")
  endforeach()
  file(CONFIGURE OUTPUT "${file}" CONTENT "${library}});\n" @ONLY)
endfunction()

# The Binaryen that this Emscripten came with, the features it may use, and the
# Node that Emscripten itself runs on.
function(gossamer_find_tools)
  find_program(GOSSAMER_NODE NAMES node nodejs REQUIRED
               NO_CMAKE_FIND_ROOT_PATH)
  execute_process(COMMAND em-config BINARYEN_ROOT
                  OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE)
  find_program(GOSSAMER_WASM_OPT wasm-opt HINTS "${root}/bin"
               REQUIRED NO_CMAKE_FIND_ROOT_PATH)
  if(EMSCRIPTEN_VERSION VERSION_LESS 3.1.20)
    # Beyond the first version, what a program may ask of this compiler.
    set(features --mvp-features --enable-simd --enable-bulk-memory
        --enable-sign-ext --enable-nontrapping-float-to-int)
  else()
    set(features --all-features)
  endif()
  set(GOSSAMER_WASM_FEATURES "${features}" CACHE INTERNAL "")
endfunction()

# Marks every function of the target: the compiler puts a call into each, which
# instrument.mjs replaces by what it is there for.
function(gossamer_preempt target)
  if(GOSSAMER_WASM)
    target_compile_options(${target} PRIVATE -fsanitize-coverage=func,trace-pc)
  endif()
endfunction()

function(gossamer_add_app name)
  cmake_parse_arguments(app "NAMES;PREEMPT" "" "" ${ARGN})
  add_executable(${name} ${app_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE gossamer)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
    target_compile_definitions(${name} PRIVATE main=gs__app_main)
    target_link_libraries(${name} PRIVATE gossamer_native_host)
    return()
  endif()

  set_target_properties(${name} PROPERTIES SUFFIX ".wasm")
  set(file $<TARGET_FILE:${name}>)
  set(instrument "${GOSSAMER_NODE}" "${GOSSAMER_TOOLS}/instrument.mjs" --stack)
  set(optimize "${GOSSAMER_WASM_OPT}" -O3 ${GOSSAMER_WASM_FEATURES})
  set(names "")
  if(app_NAMES OR CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(names -g)
  endif()

  if(app_PREEMPT)
    # Checks must be there before Asyncify looks, and before Binaryen inlines
    # functions that are not to be checked into those that are.
    gossamer_preempt(${name})
    target_link_libraries(${name} PRIVATE gossamer_link)
    target_link_options(${name} PRIVATE -O1 -g2)
    list(JOIN GOSSAMER_NEVER_PARK "," never_park)
    set(asyncify --asyncify -g
        "--pass-arg=asyncify-removelist@${never_park}"
        "--pass-arg=asyncify-imports@env.invoke_*")
    if(NOT GOSSAMER_PREEMPT_ROUNDS)
      set(GOSSAMER_PREEMPT_ROUNDS 1024)
    endif()
    set(steps COMMAND ${instrument} --preempt --never ${never_park}
              --rounds ${GOSSAMER_PREEMPT_ROUNDS} ${file} -o ${file})
    if(CMAKE_BUILD_TYPE STREQUAL "Debug")
      list(APPEND steps COMMAND "${GOSSAMER_WASM_OPT}" ${GOSSAMER_WASM_FEATURES}
           ${asyncify} ${file} -o ${file})
    else()
      list(APPEND steps COMMAND ${optimize} ${asyncify} ${file} -o ${file})
    endif()
  else()
    target_link_libraries(${name} PRIVATE gossamer_link_asyncify)
    if(names)
      target_link_options(${name} PRIVATE --profiling-funcs)
    endif()
    set(steps COMMAND ${instrument} ${file} -o ${file})
  endif()

  # Asyncify runs last in a link, so the four small functions it adds stay
  # calls. One more round of Binaryen inlines them: a switch takes 21 ns instead
  # of 31.
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    list(APPEND steps COMMAND ${optimize} --converge ${names} ${file} -o ${file})
  endif()
  add_custom_command(TARGET ${name} POST_BUILD ${steps} VERBATIM)
endfunction()

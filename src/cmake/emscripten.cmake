# Tool chain file: whichever Emscripten `emcc` on PATH belongs to, be it
# Debian's package or an emsdk.
find_program(GOSSAMER_EMCC emcc)
if(NOT GOSSAMER_EMCC)
  message(FATAL_ERROR "emcc is not on PATH: install the Debian package "
                      "emscripten, or activate an emsdk")
endif()
get_filename_component(_emcc "${GOSSAMER_EMCC}" REALPATH)
get_filename_component(_root "${_emcc}" DIRECTORY)
set(_module "cmake/Modules/Platform/Emscripten.cmake")
if(NOT EXISTS "${_root}/${_module}")
  execute_process(COMMAND em-config EMSCRIPTEN_ROOT OUTPUT_VARIABLE _root
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT EXISTS "${_root}/${_module}")
  message(FATAL_ERROR "cannot find Emscripten's CMake files beside ${_emcc}")
endif()
include("${_root}/${_module}")

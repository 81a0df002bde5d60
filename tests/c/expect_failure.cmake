# cmake -DEXPECT=REGEX -P expect_failure.cmake -- COMMAND...
# The command must fail, with output that matches.
set(command)
set(seen OFF)
foreach(i RANGE ${CMAKE_ARGC})
  if(seen)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
    set(seen ON)
  endif()
endforeach()
execute_process(COMMAND ${command} RESULT_VARIABLE code
                OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(code EQUAL 0)
  message(FATAL_ERROR "it succeeded, but it should have failed:\n${output}")
endif()
if(NOT "${output}${errors}" MATCHES "${EXPECT}")
  message(FATAL_ERROR
          "it failed, but without saying ${EXPECT}:\n${output}${errors}")
endif()

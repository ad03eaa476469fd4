# Flags that every target of the project shares.
add_library(nextframe_flags INTERFACE)
target_include_directories(nextframe_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(nextframe_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns falsely where text is put before a std::string (its bug 105651).
  target_compile_options(nextframe_flags INTERFACE -Wno-restrict)
endif()
target_link_libraries(nextframe_flags INTERFACE Threads::Threads)
if(NEXTFRAME_WARNINGS_AS_ERRORS)
  target_compile_options(nextframe_flags INTERFACE -Werror)
endif()
if(NEXTFRAME_SANITIZE)
  target_compile_options(nextframe_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(nextframe_flags INTERFACE -fsanitize=address,undefined)
endif()
if(NEXTFRAME_FUZZERS)
  target_compile_options(nextframe_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# nextframe_library(NAME SOURCES ... DEPENDS ...): one static library a folder. DEPENDS names what its headers need.
function(nextframe_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(nextframe_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(nextframe_${name} PUBLIC nextframe_flags ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

# Tests of what the engine does without: OpenCV, oneDNN, libav. The engine-only build has none of them.
add_custom_target(library_tests)

# nextframe_test_entry(NAME PROGRAM [ARGUMENTS ...] [LABELS ...] [ENVIRONMENT ...]): one entry of ctest.
function(nextframe_test_entry name program)
  cmake_parse_arguments(ARG "" "" "ARGUMENTS;LABELS;ENVIRONMENT" ${ARGN})
  add_test(NAME ${name} COMMAND ${program} ${ARG_ARGUMENTS})
  # Threads that spin while they wait slow down whatever else runs.
  list(APPEND ARG_ENVIRONMENT OMP_WAIT_POLICY=passive)
  if(NEXTFRAME_SANITIZE)
    list(APPEND ARG_ENVIRONMENT ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
         LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/leaks.supp:print_suppressions=0)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" ENVIRONMENT "${ARG_ENVIRONMENT}" TIMEOUT 600)
endfunction()

# nextframe_test(NAME SOURCES ... DEPENDS ... [LABELS ...] [SLOW case ...]): one GoogleTest program a folder. The cases named
# under SLOW (GoogleTest's patterns) get an entry of their own, NAME_slow with the label "slow". The label "libraries"
# marks tests of code that the engine-only build leaves out.
function(nextframe_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS;SLOW" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE nextframe_flags ${ARG_DEPENDS} GTest::gtest GTest::gtest_main)
  if("libraries" IN_LIST ARG_LABELS)
    add_dependencies(library_tests test_${name})
  endif()
  if(NOT ARG_SLOW)
    nextframe_test_entry(${name} test_${name} LABELS ${ARG_LABELS})
    return()
  endif()
  list(JOIN ARG_SLOW ":" slow_cases)
  nextframe_test_entry(${name} test_${name} ARGUMENTS --gtest_filter=-${slow_cases} LABELS ${ARG_LABELS})
  nextframe_test_entry(${name}_slow test_${name} ARGUMENTS --gtest_filter=${slow_cases} LABELS ${ARG_LABELS} slow)
endfunction()

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

# nextframe_library(NAME SOURCES ... DEPENDS ...): one static library a folder. DEPENDS names what its headers need.
function(nextframe_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(nextframe_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(nextframe_${name} PUBLIC nextframe_flags ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

# nextframe_test(NAME SOURCES ... DEPENDS ... [LABELS ...]): one GoogleTest program a folder, one ctest entry a test case.
function(nextframe_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE nextframe_flags ${ARG_DEPENDS} GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_REGULAR_EXPRESSION "" TIMEOUT 600)
endfunction()

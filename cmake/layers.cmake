# One folder of src/ = one library; src/layers.txt says who links whom, so an include that goes outwards does not link.
#
#   src/M/**/*.cpp          -> library slipway_M
#   src/M/**/*_test.cpp     -> test program M_test (with ctest entry)
#   src/M/**/x_fuzz.cpp     -> fuzzer fuzz/x_fuzz (see programs.cmake)
#   src/M/module.cmake      -> optional: external libraries and definitions of the module
#   src/M/main.cpp, src/M/main_X.cpp are programs (see programs.cmake), not part of the library
#   src/control/mutants_X.cpp     -> libraries slipway_mutants_X; an executable links one of them (control/module.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/programs.cmake)

option(SLIPWAY_TESTS "Build the test programs" ON)
set(SLIPWAY_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
find_package(fmt REQUIRED)  # the compiled library: header-only, it doubled the time to compile a file that formats

add_library(slipway_options INTERFACE)
target_include_directories(slipway_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(slipway_options INTERFACE fmt::fmt)
target_compile_options(slipway_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Wno-missing-designated-field-initializers
                       -Werror=return-type -Werror=switch -Werror=unused-result -fno-omit-frame-pointer)
target_compile_definitions(slipway_options INTERFACE BOOST_ASIO_NO_DEPRECATED SLIPWAY_VERSION="${PROJECT_VERSION}")

include(${CMAKE_CURRENT_LIST_DIR}/headers.cmake)
if(SLIPWAY_PCH)
  target_compile_options(slipway_options INTERFACE -pthread)  # some library's flags have it, and all users of a precompiled header must agree
  slipway_headers(slipway_headers_plain LINK slipway_options HEADERS ${SLIPWAY_STANDARD_HEADERS})
endif()

# For programs that hold many objects: trees of small shared nodes cost a third less CPU than with glibc's allocator. Not for
# the shim, of which each pod has one.
add_library(slipway_allocator INTERFACE)
if(NOT SLIPWAY_SANITIZE)  # sanitizers bring one of their own
  find_library(SLIPWAY_JEMALLOC libjemalloc_pic.a REQUIRED)
  target_link_libraries(slipway_allocator INTERFACE ${SLIPWAY_JEMALLOC} ${CMAKE_DL_LIBS} Threads::Threads)
endif()

if(SLIPWAY_SANITIZE)
  target_compile_options(slipway_options INTERFACE -fsanitize=${SLIPWAY_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(slipway_options INTERFACE -fsanitize=${SLIPWAY_SANITIZE})
endif()

# Benchmarks build with flags of their own, and the libraries with them: preset bench.
option(SLIPWAY_BENCH "Build the benchmarks (src/**/*_bench.cpp) instead of programs and tests" OFF)
# Without it a fuzzer sees only its own file and mutates what it is given: enough for the short run in ./test.
option(SLIPWAY_FUZZ "Instrument the modules that have fuzzers, so that coverage guides these" OFF)

function(slipway_module name deps)
  set(dir ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/(main(_[a-z_]+)?|mutants_[a-z]+|[a-z0-9_]*_fuzz|[a-z0-9_]*_bench)\\.cpp$")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(slipway_${name} STATIC ${sources})
    set(scope PUBLIC)
    slipway_use_headers(slipway_${name} slipway_headers_plain)
  else()
    add_library(slipway_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(slipway_${name} ${scope} slipway_options)
  file(GLOB_RECURSE fuzzers CONFIGURE_DEPENDS ${dir}/*_fuzz.cpp)
  if(SLIPWAY_FUZZ AND fuzzers)
    target_compile_options(slipway_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(SLIPWAY_SANITIZE AND fuzzers)
    # Readers of foreign bytes do most of the work of every test; the rest compiles in half the time without optimisation.
    target_compile_options(slipway_${name} PRIVATE -O1)
  endif()
  if(SLIPWAY_BENCH)
    set_target_properties(slipway_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  foreach(dep ${deps})
    target_link_libraries(slipway_${name} ${scope} slipway_${dep})
  endforeach()
  if(EXISTS ${dir}/module.cmake)
    include(${dir}/module.cmake)
  endif()
  set_property(GLOBAL PROPERTY slipway_${name}_test_links "${SLIPWAY_TEST_LINKS}")
  if(SLIPWAY_TESTS AND tests)
    add_executable(${name}_test ${tests})
    # A test may look at the world around its module: module.cmake names what it links beside the module.
    target_link_libraries(${name}_test PRIVATE slipway_${name} ${SLIPWAY_TEST_LINKS} slipway_test_main)
    # Tests are compiled for speed of building; the code under test keeps the build type's optimisation.
    target_compile_options(${name}_test PRIVATE -O0)
    slipway_use_headers(${name}_test slipway_headers_test)
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
endfunction()

function(slipway_modules)
  if(SLIPWAY_TESTS)
    enable_testing()
    find_package(GTest REQUIRED)
    add_library(slipway_test_main INTERFACE)
    target_link_libraries(slipway_test_main INTERFACE GTest::gtest_main GTest::gmock rapidcheck slipway_mutants_planted slipway_allocator)
    if(SLIPWAY_PCH)
      slipway_headers(slipway_headers_test LINK slipway_options GTest::gtest GTest::gmock OPTIONS -O0
                      HEADERS ${SLIPWAY_STANDARD_HEADERS} <gtest/gtest.h> <gmock/gmock.h>)
    endif()
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/layers.txt)
  file(STRINGS ${CMAKE_SOURCE_DIR}/src/layers.txt lines REGEX "^[a-z]")
  foreach(line ${lines})
    string(REGEX MATCH "^([a-z]+) +([0-9]): *(.*)$" _ "${line}")
    set(module ${CMAKE_MATCH_1})
    string(REGEX REPLACE " +" ";" deps "${CMAKE_MATCH_3}")
    if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/src/${module})
      slipway_module(${module} "${deps}")
    else()
      add_library(slipway_${module} INTERFACE)
      foreach(dep ${deps})
        target_link_libraries(slipway_${module} INTERFACE slipway_${dep})
      endforeach()
    endif()
  endforeach()
endfunction()

set(SLIPWAY_TEST_LINKS slipway_apiserver slipway_store)
target_link_libraries(slipway_gateway PRIVATE PkgConfig::RE2 PkgConfig::PCRE2 crypt)
# The tests put real traffic of the example programs through a real HAProxy.
target_compile_definitions(slipway_gateway INTERFACE SLIPWAY_EXAMPLES_DIR="${CMAKE_BINARY_DIR}/examples")
if(SLIPWAY_TESTS)
  cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL add_dependencies gateway_test slipway-shop slipway-load)
endif()

# The real kubectl against the API server, and its recorded requests for machines without one.
add_library(kubectl_served_api STATIC ${CMAKE_CURRENT_LIST_DIR}/served_api.cpp)
target_link_libraries(kubectl_served_api PUBLIC slipway_apiserver)
add_executable(kubectl_api_server EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/main_api_server.cpp)
target_link_libraries(kubectl_api_server PRIVATE kubectl_served_api)
slipway_test_program(kubectl_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/kubectl_test.cpp ${CMAKE_CURRENT_LIST_DIR}/replay_test.cpp ${CMAKE_CURRENT_LIST_DIR}/recording.cpp
  LINK kubectl_served_api)
add_test(NAME kubectl COMMAND kubectl_test)

# write_load: a load client for durable creates, for our API server and for etcd's JSON gateway alike.
add_executable(write_load ${CMAKE_SOURCE_DIR}/tests/bench/write_load.cpp)
target_link_libraries(write_load PRIVATE slipway_http slipway_data)

# Our gateway as a GatewayClass on a real control plane, with real requests, in a network namespace of its own.
slipway_test_program(gateway_story_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/main.cpp ${CMAKE_CURRENT_LIST_DIR}/own_network.cpp ${CMAKE_CURRENT_LIST_DIR}/pods.cpp
          ${CMAKE_CURRENT_LIST_DIR}/story.cpp ${CMAKE_CURRENT_LIST_DIR}/gateway_story_test.cpp ${CMAKE_CURRENT_LIST_DIR}/traefik_story_test.cpp
          ${CMAKE_CURRENT_SOURCE_DIR}/cluster/release_bed.cpp
  LINK cluster_bed slipway_install slipway_gateway)
target_include_directories(gateway_story_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
add_dependencies(gateway_story_test slipway)
add_test(NAME gateway_story COMMAND gateway_story_test)

# The scenario corpus, in every world (README.md).
slipway_test_program(scenario_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/scenario_test.cpp ${CMAKE_CURRENT_LIST_DIR}/theatre.cpp ${CMAKE_CURRENT_LIST_DIR}/live_world.cpp
          ${CMAKE_CURRENT_LIST_DIR}/kubernetes_world.cpp
  LINK slipway_rehearse cluster_bed)
target_include_directories(scenario_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
add_dependencies(scenario_test slipway)
add_test(NAME scenario COMMAND scenario_test)

# The finished program on this machine: what people type, and what it says when the machine is not as it should be.
add_library(clock_offset SHARED ${CMAKE_CURRENT_LIST_DIR}/clock_offset.cpp)
set_target_properties(clock_offset PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
slipway_test_program(machine_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/program.cpp ${CMAKE_CURRENT_LIST_DIR}/start_test.cpp ${CMAKE_CURRENT_LIST_DIR}/store_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/missing_test.cpp ${CMAKE_CURRENT_LIST_DIR}/runtime_test.cpp ${CMAKE_CURRENT_LIST_DIR}/clock_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/newcomer_test.cpp ${CMAKE_CURRENT_LIST_DIR}/commands_test.cpp ${CMAKE_CURRENT_LIST_DIR}/keys_test.cpp
  LINK slipway_runtime slipway_data)
add_dependencies(machine_test slipway slipway-shop clock_offset control_test)
add_test(NAME machine COMMAND machine_test)

set(SLIPWAY_TEST_LINKS slipway_apiserver slipway_store)

# Who may switch planted mistakes on (mutants.h): tests link the first, programs for users the second.
foreach(mutants planted none)
  add_library(slipway_mutants_${mutants} STATIC ${dir}/mutants_${mutants}.cpp)
  target_link_libraries(slipway_mutants_${mutants} PRIVATE slipway_options)
endforeach()

target_link_libraries(slipway_data PRIVATE PkgConfig::YAML)

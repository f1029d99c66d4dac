target_link_libraries(slipway_store PRIVATE PkgConfig::SQLITE)

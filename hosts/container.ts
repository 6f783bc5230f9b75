/** The registry container's name, as the lesson has it. */
export const CONTAINER_NAME = "registry";

/** Tells our container from one made by hand; its value is the record's name. The helper knows it too. */
export const OWNER_LABEL = "io.cluster-registry.owner";

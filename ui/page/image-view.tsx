import { useEffect, useState } from "preact/hooks";
import { type Image, sizeOf } from "../../registry/image";
import { type Manifest, platformText } from "../../registry/manifest";
import { sizeText } from "../../registry/size-text";
import { useStore } from "./context";
import { DeleteDialog } from "./delete-dialog";
import { layerSteps } from "./layer-steps";
import { Alert, Copyable, Created, Digest, Heading, Icon } from "./parts";
import { KindBadge, Platforms } from "./platforms";
import { pullCommands } from "./pull-commands";
import type { RepositoryState, TagRow } from "./repository-state";
import { Back } from "./repository-view";
import { imageHref, repositoryHref } from "./route";
import { companionOf } from "./sort-tags";
import type { Store } from "./store";
import { count, kindText, shortDigest } from "./text";
import { userName, usesOf } from "./used-by";

/** One tag: what it names, how to pull it, and who uses it. */
export function ImageView({ repository, tag }: { repository: string; tag: string }) {
  const store = useStore();
  const [deleting, setDeleting] = useState(false);
  const found = store.repositories?.get(repository);
  const known = found?.tags.includes(tag);
  useEffect(() => {
    const leave = store.show(repository, [tag]);
    if (known === true) store.want(repository, "digest");
    return leave;
  }, [found, tag, known]);
  const row = found?.tag(tag) ?? { name: tag };
  const { digest, image, trouble } = row;
  return (
    <>
      <Back to={repositoryHref(repository)} label={repository} />
      <div class="title">
        <Heading of={`${repository}:${tag}`}>
          <span class="faint">{repository}:</span>
          {tag}
        </Heading>
        {known === true && !store.info.readOnly && (
          <button type="button" class="danger quiet" onClick={() => setDeleting(true)}>
            <Icon name="delete" />
            Delete…
          </button>
        )}
      </div>
      {known !== true && store.repositories !== undefined && (
        <p class="note">The registry has no such tag.</p>
      )}
      {trouble !== undefined && <Alert>{trouble}</Alert>}
      {(known === true || store.repositories === undefined) &&
        trouble === undefined &&
        image === undefined &&
        store.outage === undefined && <p class="note pending">Reading the image…</p>}
      {found !== undefined && image !== undefined && digest !== undefined && (
        <>
          <Facts image={image} digest={digest} />
          <section class="card">
            <h2>Pull</h2>
            {pullCommands(store.info.registry, repository, tag, digest, image.kind).map(
              ({ label, text }) => (
                <div class="command" key={label}>
                  <span class="label">{label}</span>
                  <Copyable text={text} what={label.toLowerCase()} />
                </div>
              ),
            )}
          </section>
          <SameDigest repository={found} row={row} />
          <UsedBy store={store} repository={repository} row={row} />
          {image.missing.length > 0 && <Missing image={image} />}
          {image.kind === "index" ? (
            <Index image={image} />
          ) : (
            <section class="card">
              <Content image={image} />
            </section>
          )}
          <Attestations manifests={image.attestations} />
          <Pairs title="Annotations" pairs={image.manifest.annotations} />
        </>
      )}
      {deleting && (
        <DeleteDialog
          repository={repository}
          tags={[tag]}
          onClose={(deleted) => {
            setDeleting(false);
            if (!deleted) return;
            location.hash = repositoryHref(repository);
            void store.reloadTags(repository);
          }}
        />
      )}
    </>
  );
}

function Facts({ image, digest }: { image: Image; digest: string }) {
  return (
    <dl class="facts">
      <div>
        <dt>Kind</dt>
        <dd>{kindText(image.kind)}</dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{sizeText(sizeOf(image))}</dd>
      </div>
      <div>
        <dt>Created</dt>
        <dd>
          <Created created={image.created} />
        </dd>
      </div>
      {(image.platform !== undefined || image.platforms.length > 0) && (
        <div>
          <dt>{image.platforms.length > 1 ? "Platforms" : "Platform"}</dt>
          <dd class="what">
            <Platforms image={image} />
          </dd>
        </div>
      )}
      <div>
        <dt>Digest</dt>
        <dd>
          <Digest digest={digest} />
        </dd>
      </div>
    </dl>
  );
}

function SameDigest({ repository, row }: { repository: RepositoryState; row: TagRow }) {
  const { tags } = repository;
  const { name, digest = "" } = row;
  const others = repository.tagsOf(digest).filter((each) => each !== name);
  const signatures = tags.filter((each) => companionOf(each) === digest);
  const subject = companionOf(name);
  const subjects = subject === undefined ? [] : repository.tagsOf(subject);
  const unread = tags.length - repository.known("digest");
  if (others.length + signatures.length + subjects.length + unread === 0) return null;
  const links = (names: readonly string[]) => (
    <span class="links">
      {names.map((each) => (
        <a key={each} class="chip" href={imageHref(repository.name, each)}>
          {each}
        </a>
      ))}
    </span>
  );
  return (
    <section class="card">
      <h2>Related tags</h2>
      {others.length > 0 && <p>The same digest has {links(others)}</p>}
      {signatures.length > 0 && <p>Signatures and attestations of it {links(signatures)}</p>}
      {subjects.length > 0 && <p>It belongs to {links(subjects)}</p>}
      {unread > 0 && <p class="faint">{count(unread, "tag")} not read yet…</p>}
    </section>
  );
}

interface UsedByProps {
  store: Store;
  repository: string;
  row: TagRow;
}

function UsedBy({ store, repository, row }: UsedByProps) {
  const { pods } = store;
  const { name, digest = "", image } = row;
  if (pods.state === "no cluster" || pods.state === "not here" || image === undefined) return null;
  const platformDigests = image.platforms.map(({ manifest }) => manifest.digest);
  const uses =
    pods.state === "known"
      ? usesOf({ repository, tag: name, digest, platformDigests }, pods.users)
      : [];
  return (
    <section class="card">
      <h2>Used by</h2>
      {pods.state === "error" ? (
        <Alert>The Pods cannot be read: {pods.message}</Alert>
      ) : uses.length === 0 ? (
        <p class="faint">No Pod or workload of the cluster uses this image now.</p>
      ) : (
        <ul class="pods">
          {uses.map(({ by, byOtherTag }) => (
            <li key={by}>
              <code>{userName(by)}</code>
              {byOtherTag && <span class="faint"> by another tag</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const Missing = ({ image }: { image: Image }) => (
  <Alert>
    The registry does not have {count(image.missing.length, "manifest")} of this index, so these
    platforms cannot be pulled:{" "}
    {image.missing
      .map(({ platform, digest }) =>
        platform === undefined ? shortDigest(digest) : platformText(platform),
      )
      .join(", ")}
  </Alert>
);

const Index = ({ image: { platforms } }: { image: Image }) => (
  <section class="card">
    <h2>Platforms</h2>
    {platforms.map((image) => (
      <details key={image.manifest.digest} open={platforms.length === 1}>
        <summary>
          <span class="chip">
            {image.platform === undefined ? kindText(image.kind) : platformText(image.platform)}
          </span>
          <KindBadge image={image} />
          <span class="size">{sizeText(sizeOf(image))}</span>
          <code class="faint">{shortDigest(image.manifest.digest)}</code>
        </summary>
        <Content image={image} level="h3" />
      </details>
    ))}
  </section>
);

/** The layers with their history, and the config, of one platform. */
function Content({ image, level: H = "h2" }: { image: Image; level?: "h2" | "h3" }) {
  const steps = layerSteps(image);
  const { config } = image;
  const run = config?.config;
  const settings: Record<string, string> = {
    ...(run?.Entrypoint && { Entrypoint: run.Entrypoint.join(" ") }),
    ...(run?.Cmd && { Command: run.Cmd.join(" ") }),
    ...(run?.WorkingDir && { "Working directory": run.WorkingDir }),
    ...(run?.User && { User: run.User }),
    ...(run?.ExposedPorts && { Ports: Object.keys(run.ExposedPorts).join(", ") }),
    ...(config?.author !== undefined && config.author !== "" && { Author: config.author }),
  };
  return (
    <div class="content">
      <H>
        {image.config === undefined ? "Layers" : "Layers and history"}{" "}
        <span class="faint">{image.manifest.layers.length}</span>
      </H>
      <ol class="layers">
        {steps.map(({ step, layer }, index) => (
          <li key={index}>
            <span class="size">
              {layer === undefined ? <span class="faint">–</span> : sizeText(layer.size)}
            </span>
            <span class="step">
              {step !== undefined && step !== "" && <code>{step}</code>}
              {layer !== undefined && (
                <span class="faint">
                  <Digest digest={layer.digest} />
                  {image.config === undefined && ` ${layer.mediaType}`}
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
      <List title="Labels" of={H} pairs={run?.Labels ?? {}} />
      <List title="Runs as" of={H} pairs={settings} />
      <List
        title="Environment"
        of={H}
        pairs={Object.fromEntries(
          (run?.Env ?? []).map((each) => {
            const [name = "", ...value] = each.split("=");
            return [name, value.join("=")];
          }),
        )}
      />
    </div>
  );
}

type Texts = Readonly<Record<string, string>>;

function List({ title, of: H, pairs }: { title: string; of: "h2" | "h3"; pairs: Texts }) {
  const entries = Object.entries(pairs);
  if (entries.length === 0) return null;
  return (
    <>
      <H>{title}</H>
      <dl class="pairs">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: Texts }) {
  if (Object.keys(pairs).length === 0) return null;
  return (
    <section class="card">
      <List title={title} of="h2" pairs={pairs} />
    </section>
  );
}

const PREDICATE = "in-toto.io/predicate-type";

function Attestations({ manifests }: { manifests: readonly Manifest[] }) {
  if (manifests.length === 0) return null;
  return (
    <section class="card">
      <details>
        <summary>
          <h2>{count(manifests.length, "attestation")}</h2>
        </summary>
        <ul class="layers">
          {manifests.map(({ digest, size, layers }) => (
            <li key={digest}>
              <span class="size">
                {sizeText(layers.reduce((sum, layer) => sum + layer.size, size))}
              </span>
              <span class="step">
                {layers.map((layer) => (
                  <code key={layer.digest}>
                    {layer.annotations?.[PREDICATE] ?? layer.mediaType}
                  </code>
                ))}
                <Digest digest={digest} />
              </span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

"""The page's routes: a thin layer over the functions of the other modules.

Routes that read videos or run the network are plain functions, which Starlette runs in threads, so the page keeps
responding.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cmvl_mm.video import VideoError
from cmvl_mm.video.browser_video import KINDS, available_kinds, write_browser_video
from cmvl_mm.web.collection import Clip, Collection
from cmvl_mm.web.curves import read_panels, stamp
from cmvl_mm.web.drawn import describe_part, write_drawn
from cmvl_mm.web.errors import BadRequest, UnreadableVideo
from cmvl_mm.web.excerpt import read_excerpt
from cmvl_mm.web.file_cache import FileCache
from cmvl_mm.web.guard import Guard
from cmvl_mm.web.params import choice, flag, optional_whole, text, whole
from cmvl_mm.web.similar import ExactNearest, Nearest, Similar, Vectors
from cmvl_mm.web.uploads import Uploads, renamed

PAGE_SIZE = 24  # clips
MOST_NEIGHBOURS = 100
_SHORT_SIDE = 240  # px of a playing clip
_UPLOAD_SECONDS = 20  # played part of an upload
_CACHE_BYTES = 512 * 2**20
_STATIC = Path(__file__).parent / 'static'


@dataclass(frozen=True)
class Settings:
    """Settings of the page: what it shows, and to whom."""

    title: str
    """Name of the features file."""
    collection: Collection
    embed_video: Callable[[Path], Vectors]
    """See `Similar`."""
    hosts: frozenset[str]
    """See `guard.allowed_hosts`."""
    nearest: Nearest | None = None
    """Search method of the collection; None compares every row."""
    work_dir: Path | None = None
    """Work directory whose curves are shown."""
    max_upload: int = 512 * 2**20
    """Largest upload in bytes."""


def create_app(settings: Settings) -> Starlette:
    """Create the application. Its temporary folder with all uploads is removed when it ends."""
    folder = tempfile.TemporaryDirectory(prefix='cmvl_web_')
    site = _Site(settings, Path(folder.name))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with folder:
            yield

    return Starlette(
        routes=[
            Route('/', site.page),
            Route('/clips', site.clips),
            Route('/nearest', site.nearest),
            Route('/excerpt', site.excerpt),
            Route('/videos', site.videos),
            Route('/vectors', site.vectors),
            Route('/drawn', site.drawn),
            Route('/training', site.training),
            Route('/uploads', site.upload, methods=['POST']),
            Mount('/static', StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, hosts=settings.hosts)],
        exception_handlers={VideoError: _refuse, BadRequest: _refuse, ValueError: _lack},
        lifespan=lifespan,
    )


def _refuse(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, BadRequest) else 422
    return JSONResponse(dict(message=str(error)), status)


def _lack(request: Request, error: Exception) -> Response:
    """Answer to our errors that a user of the page cannot fix, for example missing weights of the features.

    Raises:
        Exception: the error itself, if it is not of our classes.
    """
    if not type(error).__module__.startswith('cmvl_mm.'):
        raise error
    return JSONResponse(dict(message=str(error)), 503)


class _Site:
    """The routes of one application."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.collection = settings.collection
        nearest = ExactNearest(settings.collection) if settings.nearest is None else settings.nearest
        self.similar = Similar(settings.collection, nearest, settings.embed_video)
        (folder / 'clips').mkdir()
        (folder / 'uploads').mkdir()
        self.cache = FileCache(folder / 'clips', _CACHE_BYTES)
        self.uploads = Uploads(folder / 'uploads', settings.max_upload)
        self.templates = Environment(
            loader=PackageLoader('cmvl_mm.web'), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self.templates.filters['seconds'] = lambda value: f'{value:.1f}'

    def _render(self, template: str, **values: Any) -> Response:
        return HTMLResponse(self.templates.get_template(template).render(**values))

    def page(self, request: Request) -> Response:
        """The page without its clips."""
        return self._render(
            'page.html',
            title=self.settings.title,
            clips=len(self.collection),
            videos=self.collection.num_videos,
            labels=self.collection.labels,
            most=MOST_NEIGHBOURS,
            kinds={kind: KINDS[kind].mime for kind in available_kinds()},
            work_dir=self.settings.work_dir,
            max_upload=self.settings.max_upload,
        )

    def clips(self, request: Request) -> Response:
        """A page of clips in random order."""
        label = optional_whole(request, 'label')
        number = whole(request, 'page', 0, 2**31)
        page = self.collection.browse(whole(request, 'seed', 0, 2**31), number, PAGE_SIZE, label)
        cards = [dict(clip=self.collection.clip(int(row)), similarity=None, same=False) for row in page.rows]
        return self._render('clips.html', cards=cards, page=page)

    def nearest(self, request: Request) -> Response:
        """A query and the clips nearest to it."""
        k, label = whole(request, 'k', 1, MOST_NEIGHBOURS), optional_whole(request, 'label')
        if 'upload' in request.query_params:
            upload = self.uploads.get(text(request, 'upload'))
            with _named(upload.name):
                found = self.similar.to_video(upload.path, k, label)
            query: Clip | str = upload.name
            source, wanted = f'upload={upload.id}', None
        else:
            clip = self.collection.clip(whole(request, 'row', 0, 2**31))
            found = self.similar.to_row(clip.row, k, label, flag(request, 'others'))
            query, source, wanted = clip, f'row={clip.row}', clip.label
        cards = [
            dict(clip=one.clip, similarity=one.similarity, same=one.clip.label is not None and one.clip.label == wanted)
            for one in found
        ]
        return self._render('nearest.html', query=query, source=source, cards=cards, wanted=wanted)

    def excerpt(self, request: Request) -> Response:
        """A clip, or the beginning of an upload, as a video."""
        kind = choice(request, 'kind', available_kinds())
        path, name, key = self._source(request)
        start, end = 0.0, float(_UPLOAD_SECONDS)
        if isinstance(key, int):
            clip = self.collection.clip(key)
            start, end = clip.start, clip.end

        def make(out: Path) -> None:
            with _named(name):
                write_browser_video(read_excerpt(str(path), start, end, short_side=_SHORT_SIDE), out, kind)

        return self._video(self.cache.get(('excerpt', key, kind), make), kind)

    def videos(self, request: Request) -> Response:
        """Videos of the collection whose path contains a text."""
        found, count = self.collection.videos(text(request, 'text'), PAGE_SIZE)
        return self._render('videos.html', videos=found, count=count)

    def vectors(self, request: Request) -> Response:
        """Facts about one part of a video, and its player."""
        path, name, key = self._source(request)
        source = f'row={key}' if isinstance(key, int) else f'upload={key}'
        number = whole(request, 'part', 0, 2**31)
        with _named(name):
            part = describe_part(path, number)
        return self._render('vectors.html', part=part, name=name, source=source)

    def drawn(self, request: Request) -> Response:
        """One part of a video with its motion vectors, as a video."""
        kind = choice(request, 'kind', available_kinds())
        path, name, key = self._source(request)
        number = whole(request, 'part', 0, 2**31)

        def make(out: Path) -> None:
            with _named(name):
                write_drawn(path, number, out, kind)

        video = key if isinstance(key, str) else str(path)  # rows of one video share its parts
        return self._video(self.cache.get(('drawn', video, number, kind), make), kind)

    def training(self, request: Request) -> Response:
        """The curves of the work directory; an empty answer if the page has the current curves."""
        work_dir = self.settings.work_dir
        if work_dir is None:
            raise BadRequest('no work directory given. Remedy: start the page with --work-dir.', 404)
        tag = f'"{stamp(work_dir)}"'
        if request.headers.get('if-none-match') == tag:
            return Response(status_code=304)
        return JSONResponse(dict(panels=read_panels(work_dir)), headers={'etag': tag, 'cache-control': 'no-cache'})

    async def upload(self, request: Request) -> Response:
        """Store a video: the body of the request is the file."""
        stated = request.headers.get('content-length', '')
        if stated.isdecimal() and int(stated) > self.settings.max_upload:
            raise self.uploads.too_large(text(request, 'name'))
        upload = await self.uploads.add(text(request, 'name'), request.stream())
        return JSONResponse(dict(id=upload.id, name=upload.name))

    def _source(self, request: Request) -> tuple[Path, str, int | str]:
        """The video of a request, by row or by upload: file, name, and row or id."""
        if 'upload' in request.query_params:
            upload = self.uploads.get(text(request, 'upload'))
            return upload.path, upload.name, upload.id
        clip = self.collection.clip(whole(request, 'row', 0, 2**31))
        return self.collection.file(clip.row), clip.path, clip.row

    def _video(self, path: Path, kind: str) -> Response:
        mime = KINDS[kind].mime.partition(';')[0]
        return FileResponse(path, media_type=mime, headers={'cache-control': 'private, max-age=3600'})


@contextmanager
def _named(name: str) -> Iterator[None]:
    """A block in which errors name the video by the name that the user of the page knows."""
    try:
        yield
    except VideoError as error:
        raise renamed(error, name) from error
    except UnreadableVideo as error:
        raise BadRequest(f'{name}: {error}', error.status) from error

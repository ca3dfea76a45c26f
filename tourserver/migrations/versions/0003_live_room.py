"""The live room: crew and guests, polls, hands, reactions, messages, moderation, scripts, follow-ups.

Who guides is named by a reference (``user:<id>``, ``registration:<id>``), as guests of the crew may guide too.
"""

import sqlalchemy as sa
from alembic import op

from tourserver.core import db

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


QUESTION_RULES = {
    'state': "state IN ('pending', 'approved', 'live', 'answered', 'declined', 'withdrawn', 'merged')",
    'merged': "(state = 'merged') = (merged_into_id IS NOT NULL)",
    'priority': 'priority BETWEEN 0 AND 2',
}
ROOM_RULES = {
    'chat': "chat IN ('off', 'on', 'locked')",
    'question_slow': 'question_slow_seconds BETWEEN 0 AND 3600',
    'chat_slow': 'chat_slow_seconds BETWEEN 0 AND 3600',
}


def upgrade() -> None:
    op.create_table('canned_reply',
    sa.Column('session_id', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('texts', sa.JSON(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('created_at', db.UtcDateTime(), nullable=False),
    sa.Column('updated_at', db.UtcDateTime(), nullable=False),
    sa.CheckConstraint("kind IN ('reason', 'answer')", name=op.f('ck_canned_reply_kind')),
    sa.ForeignKeyConstraint(['session_id'], ['scheduled_session.id'], name=op.f('fk_canned_reply_session_id_scheduled_session'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_canned_reply'))
    )
    with op.batch_alter_table('canned_reply', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_canned_reply_session_id'), ['session_id'], unique=False)

    op.create_table('script_step',
    sa.Column('session_id', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('scene_id', sa.String(), nullable=False),
    sa.Column('yaw', sa.Double(), nullable=True),
    sa.Column('pitch', sa.Double(), nullable=True),
    sa.Column('fov', sa.Double(), nullable=True),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=True),
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('created_at', db.UtcDateTime(), nullable=False),
    sa.Column('updated_at', db.UtcDateTime(), nullable=False),
    sa.CheckConstraint('minutes IS NULL OR minutes BETWEEN 1 AND 240', name=op.f('ck_script_step_minutes')),
    sa.ForeignKeyConstraint(['session_id'], ['scheduled_session.id'], name=op.f('fk_script_step_session_id_scheduled_session'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_script_step')),
    sa.UniqueConstraint('session_id', 'position', name=op.f('uq_script_step_session_id_position'))
    )
    with op.batch_alter_table('script_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_script_step_session_id'), ['session_id'], unique=False)

    op.create_table('announcement',
    sa.Column('room_id', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('at', db.UtcDateTime(), nullable=False),
    sa.Column('until', db.UtcDateTime(), nullable=True),
    sa.Column('withdrawn_at', db.UtcDateTime(), nullable=True),
    sa.Column('id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_announcement_room_id_room'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_announcement'))
    )
    with op.batch_alter_table('announcement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_announcement_room_id'), ['room_id'], unique=False)

    op.create_table('caption_line',
    sa.Column('room_id', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('at', db.UtcDateTime(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_caption_line_room_id_room'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_caption_line'))
    )
    with op.batch_alter_table('caption_line', schema=None) as batch_op:
        batch_op.create_index('ix_caption_line_room', ['room_id', 'at'], unique=False)

    op.create_table('chat_message',
    sa.Column('room_id', sa.String(), nullable=False),
    sa.Column('circle', sa.String(), nullable=False),
    sa.Column('registration_id', sa.String(), nullable=True),
    sa.Column('user_id', sa.String(), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('at', db.UtcDateTime(), nullable=False),
    sa.Column('removed_at', db.UtcDateTime(), nullable=True),
    sa.Column('removed_by', sa.String(), nullable=True),
    sa.Column('id', sa.String(), nullable=False),
    sa.CheckConstraint("circle IN ('public', 'crew')", name=op.f('ck_chat_message_circle')),
    sa.CheckConstraint('registration_id IS NULL OR user_id IS NULL', name=op.f('ck_chat_message_one_author')),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_chat_message_registration_id_registration'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_chat_message_room_id_room'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_chat_message_user_id_user'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chat_message'))
    )
    with op.batch_alter_table('chat_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chat_message_registration_id'), ['registration_id'], unique=False)
        batch_op.create_index('ix_chat_message_room', ['room_id', 'circle', 'at'], unique=False)

    op.create_table('companion',
    sa.Column('registration_id', sa.String(), nullable=False),
    sa.Column('device', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('created_at', db.UtcDateTime(), nullable=False),
    sa.Column('updated_at', db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_companion_registration_id_registration'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_companion')),
    sa.UniqueConstraint('registration_id', 'device', name=op.f('uq_companion_registration_id_device'))
    )
    op.create_table('poll',
    sa.Column('room_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('options', sa.JSON(), nullable=False),
    sa.Column('results', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('opened_at', db.UtcDateTime(), nullable=True),
    sa.Column('closed_at', db.UtcDateTime(), nullable=True),
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('created_at', db.UtcDateTime(), nullable=False),
    sa.Column('updated_at', db.UtcDateTime(), nullable=False),
    sa.CheckConstraint("kind IN ('single', 'multiple', 'rating')", name=op.f('ck_poll_kind')),
    sa.CheckConstraint("results IN ('live', 'closed')", name=op.f('ck_poll_results')),
    sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f('ck_poll_state')),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_poll_room_id_room'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_poll'))
    )
    with op.batch_alter_table('poll', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_poll_room_id'), ['room_id'], unique=False)

    op.create_table('raised_hand',
    sa.Column('room_id', sa.String(), nullable=False),
    sa.Column('registration_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('raised_at', db.UtcDateTime(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.CheckConstraint("state IN ('up', 'called', 'down')", name=op.f('ck_raised_hand_state')),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_raised_hand_registration_id_registration'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_raised_hand_room_id_room'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_raised_hand')),
    sa.UniqueConstraint('room_id', 'registration_id', name=op.f('uq_raised_hand_room_id_registration_id'))
    )
    op.create_table('reaction_count',
    sa.Column('room_id', sa.String(), nullable=False),
    sa.Column('started_ms', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('process', sa.String(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_reaction_count_room_id_room'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reaction_count')),
    sa.UniqueConstraint('room_id', 'started_ms', 'kind', 'process', name=op.f('uq_reaction_count_room_id_started_ms_kind_process'))
    )
    op.create_table('room_block',
    sa.Column('room_id', sa.String(), nullable=False),
    sa.Column('registration_id', sa.String(), nullable=False),
    sa.Column('question_id', sa.String(), nullable=False),
    sa.Column('blocked_by', sa.String(), nullable=False),
    sa.Column('at', db.UtcDateTime(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_room_block_question_id_question'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_room_block_registration_id_registration'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_room_block_room_id_room'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_room_block')),
    sa.UniqueConstraint('room_id', 'registration_id', name=op.f('uq_room_block_room_id_registration_id'))
    )
    op.create_table('poll_answer',
    sa.Column('poll_id', sa.String(), nullable=False),
    sa.Column('registration_id', sa.String(), nullable=False),
    sa.Column('at', db.UtcDateTime(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['poll_id'], ['poll.id'], name=op.f('fk_poll_answer_poll_id_poll'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_poll_answer_registration_id_registration'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_poll_answer')),
    sa.UniqueConstraint('poll_id', 'registration_id', name=op.f('uq_poll_answer_poll_id_registration_id'))
    )
    with op.batch_alter_table('poll_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_poll_answer_registration_id'), ['registration_id'], unique=False)

    op.create_table('question_follow_up',
    sa.Column('question_id', sa.String(), nullable=False),
    sa.Column('owner_user_id', sa.String(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('created_at', db.UtcDateTime(), nullable=False),
    sa.Column('updated_at', db.UtcDateTime(), nullable=False),
    sa.CheckConstraint("state IN ('open', 'answered', 'dropped')", name=op.f('ck_question_follow_up_state')),
    sa.ForeignKeyConstraint(['owner_user_id'], ['user.id'], name=op.f('fk_question_follow_up_owner_user_id_user'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_question_follow_up_question_id_question'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question_follow_up')),
    sa.UniqueConstraint('question_id', name=op.f('uq_question_follow_up_question_id'))
    )
    with op.batch_alter_table('question_follow_up', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_question_follow_up_owner_user_id'), ['owner_user_id'], unique=False)

    op.create_table('question_hold',
    sa.Column('question_id', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('until', db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_question_hold_question_id_question'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('question_id', 'actor', name=op.f('pk_question_hold'))
    )
    op.create_table('poll_choice',
    sa.Column('answer_id', sa.String(), nullable=False),
    sa.Column('option_id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['answer_id'], ['poll_answer.id'], name=op.f('fk_poll_choice_answer_id_poll_answer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('answer_id', 'option_id', name=op.f('pk_poll_choice'))
    )
    with op.batch_alter_table('attendance', schema=None) as batch_op:
        batch_op.add_column(sa.Column('crew', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('companion_id', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('free', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_foreign_key(batch_op.f('fk_attendance_companion_id_companion'), 'companion', ['companion_id'], ['id'], ondelete='SET NULL')

    op.execute('UPDATE attendance SET crew = (user_id IS NOT NULL)')

    with op.batch_alter_table('question', schema=None) as batch_op:
        batch_op.add_column(sa.Column('edited', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('translations', sa.JSON(), nullable=False, server_default='{}'))
        batch_op.add_column(sa.Column('search_text', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('pinned', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('priority', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('next_position', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('labels', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('assigned_to', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('merged_into_id', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('answer', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('answered_by', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('live_at', db.UtcDateTime(), nullable=True))
        batch_op.drop_constraint(batch_op.f('ck_question_state'), type_='check')
        for name, rule in QUESTION_RULES.items():
            batch_op.create_check_constraint(batch_op.f(f'ck_question_{name}'), rule)
        batch_op.create_index(batch_op.f('ix_question_merged_into_id'), ['merged_into_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_question_merged_into_id_question'), 'question', ['merged_into_id'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('room', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guide_actor', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('guide_seen_at', db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('shown_hotspot', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('premoderated', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('question_slow_seconds', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('questions_locked', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('chat', sa.String(), nullable=False, server_default='off'))
        batch_op.add_column(sa.Column('chat_slow_seconds', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('reactions_on', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('rules_revision', sa.Integer(), nullable=False, server_default='1'))
        for name, rule in ROOM_RULES.items():
            batch_op.create_check_constraint(batch_op.f(f'ck_room_{name}'), rule)

    op.execute("UPDATE room SET guide_actor = 'user:' || guide_user_id WHERE guide_user_id IS NOT NULL")
    with op.batch_alter_table('room', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_room_guide_user_id_user'), type_='foreignkey')
        batch_op.drop_column('guide_user_id')

    with op.batch_alter_table('view_chunk', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guide_actor', sa.String(), nullable=True))

    op.execute("UPDATE view_chunk SET guide_actor = 'user:' || guide_user_id WHERE guide_user_id IS NOT NULL")
    with op.batch_alter_table('view_chunk', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_view_chunk_guide_user_id_user'), type_='foreignkey')
        batch_op.drop_column('guide_user_id')

    op.create_table('live_process',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('last_seen_at', db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_live_process'))
    )
    op.create_index('ix_registration_not_confirmed', 'registration', ['session_id'], sqlite_where=sa.text("state <> 'confirmed'"), postgresql_where=sa.text("state <> 'confirmed'"))
    op.create_index('ix_link_token_revoked', 'link_token', ['purpose'], sqlite_where=sa.text('revoked_at IS NOT NULL'), postgresql_where=sa.text('revoked_at IS NOT NULL'))
    op.create_index('ix_room_event_at', 'room_event', ['at'], unique=False)
    with op.batch_alter_table('scheduled_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cancelled_words', sa.String(), nullable=False, server_default=''))

    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_registration_role'), type_='check')
        batch_op.create_check_constraint(
            batch_op.f('ck_registration_role'),
            "role IN ('participant', 'speaker', 'host', 'co_moderator', 'captioner')",
        )



def downgrade() -> None:
    op.drop_index('ix_room_event_at', table_name='room_event')
    op.drop_index('ix_link_token_revoked', table_name='link_token')
    op.drop_index('ix_registration_not_confirmed', table_name='registration')
    op.drop_table('live_process')
    with op.batch_alter_table('scheduled_session', schema=None) as batch_op:
        batch_op.drop_column('cancelled_words')

    op.execute("UPDATE registration SET role = 'speaker' WHERE role IN ('co_moderator', 'captioner')")
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_registration_role'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_registration_role'), "role IN ('participant', 'speaker', 'host')")

    with op.batch_alter_table('view_chunk', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guide_user_id', sa.VARCHAR(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_view_chunk_guide_user_id_user'), 'user', ['guide_user_id'], ['id'], ondelete='SET NULL')

    op.execute("UPDATE view_chunk SET guide_user_id = substr(guide_actor, 6) WHERE guide_actor LIKE 'user:%'")
    with op.batch_alter_table('view_chunk', schema=None) as batch_op:
        batch_op.drop_column('guide_actor')

    with op.batch_alter_table('room', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guide_user_id', sa.VARCHAR(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_room_guide_user_id_user'), 'user', ['guide_user_id'], ['id'], ondelete='SET NULL')

    op.execute("UPDATE room SET guide_user_id = substr(guide_actor, 6) WHERE guide_actor LIKE 'user:%'")
    with op.batch_alter_table('room', schema=None) as batch_op:
        for name in ROOM_RULES:
            batch_op.drop_constraint(batch_op.f(f'ck_room_{name}'), type_='check')
        batch_op.drop_column('rules_revision')
        batch_op.drop_column('reactions_on')
        batch_op.drop_column('chat_slow_seconds')
        batch_op.drop_column('chat')
        batch_op.drop_column('questions_locked')
        batch_op.drop_column('question_slow_seconds')
        batch_op.drop_column('premoderated')
        batch_op.drop_column('shown_hotspot')
        batch_op.drop_column('guide_seen_at')
        batch_op.drop_column('guide_actor')

    # what the release before doesn't know: a merged question is one that its author took back
    op.execute("UPDATE question SET state = 'withdrawn', merged_into_id = NULL WHERE state = 'merged'")
    with op.batch_alter_table('question', schema=None) as batch_op:
        for name in QUESTION_RULES:
            batch_op.drop_constraint(batch_op.f(f'ck_question_{name}'), type_='check')
        batch_op.create_check_constraint(
            batch_op.f('ck_question_state'),
            "state IN ('pending', 'approved', 'live', 'answered', 'declined', 'withdrawn')",
        )
        batch_op.drop_constraint(batch_op.f('fk_question_merged_into_id_question'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_question_merged_into_id'))
        batch_op.drop_column('live_at')
        batch_op.drop_column('answered_by')
        batch_op.drop_column('answer')
        batch_op.drop_column('merged_into_id')
        batch_op.drop_column('assigned_to')
        batch_op.drop_column('labels')
        batch_op.drop_column('next_position')
        batch_op.drop_column('priority')
        batch_op.drop_column('pinned')
        batch_op.drop_column('search_text')
        batch_op.drop_column('translations')
        batch_op.drop_column('edited')

    with op.batch_alter_table('attendance', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_attendance_companion_id_companion'), type_='foreignkey')
        batch_op.drop_column('free')
        batch_op.drop_column('companion_id')
        batch_op.drop_column('crew')

    op.drop_table('poll_choice')
    op.drop_table('question_hold')
    with op.batch_alter_table('question_follow_up', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_question_follow_up_owner_user_id'))

    op.drop_table('question_follow_up')
    with op.batch_alter_table('poll_answer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_poll_answer_registration_id'))

    op.drop_table('poll_answer')
    op.drop_table('room_block')
    op.drop_table('reaction_count')
    op.drop_table('raised_hand')
    with op.batch_alter_table('poll', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_poll_room_id'))

    op.drop_table('poll')
    op.drop_table('companion')
    with op.batch_alter_table('chat_message', schema=None) as batch_op:
        batch_op.drop_index('ix_chat_message_room')
        batch_op.drop_index(batch_op.f('ix_chat_message_registration_id'))

    op.drop_table('chat_message')
    with op.batch_alter_table('caption_line', schema=None) as batch_op:
        batch_op.drop_index('ix_caption_line_room')

    op.drop_table('caption_line')
    with op.batch_alter_table('announcement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_announcement_room_id'))

    op.drop_table('announcement')
    with op.batch_alter_table('script_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_script_step_session_id'))

    op.drop_table('script_step')
    with op.batch_alter_table('canned_reply', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_canned_reply_session_id'))

    op.drop_table('canned_reply')
